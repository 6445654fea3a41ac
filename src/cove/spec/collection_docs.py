"""The README.md of a Feature or a Template, written from its manifest, as the reference CLI writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.spec.collection import FEATURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.collection import Kind
    from cove.spec.jsonc import JsonValue

USAGE = """\
## Example Usage

```json
"features": {
    "#{Registry}/#{Namespace}/#{Id}:#{Version}": {}
}
```

"""
FEATURE_BODY = "\n# #{Name}\n\n#{Description}\n\n" + USAGE + "#{OptionsTable}\n#{Customizations}\n#{Notes}\n"
TEMPLATE_BODY = "\n# #{Name}\n\n#{Description}\n\n#{OptionsTable}\n\n#{Notes}\n"
FOOT = (
    "\n---\n\n_Note: This file was auto-generated from the [#{Manifest}](#{RepoUrl}).  "
    "Add additional notes to a `NOTES.md`._\n"
)
TABLE = "## Options\n\n| Options Id | Description | Type | Default Value |\n|-----|-----|-----|-----|\n"


class Whereabouts(NamedTuple):
    """Where a collection is published, and where its source is."""

    registry: str = ""
    namespace: str = ""
    owner: str = ""
    """On GitHub, like `repository`; either one empty: unknown."""
    repository: str = ""
    folder: str = ""
    """Of the collection, in the repository."""


def render_readme(
    document: Mapping[str, JsonValue], kind: Kind, where: Whereabouts, name: str, notes: str
) -> str:
    """Return the text of a README.md; `name` is the folder's, `notes` the text of its NOTES.md."""
    version = str(document.get("version") or "latest").partition(".")[0]
    identity = str(document.get("id"))
    title = f"{document['name']} ({identity})" if document.get("name") else identity
    url = kind.manifest
    if where.owner and where.repository:
        folder = where.folder.removeprefix("./")
        url = f"https://github.com/{where.owner}/{where.repository}/blob/main/{folder}/{name}/{kind.manifest}"
    words = {
        "Manifest": kind.manifest,
        "Id": identity,
        "Name": title,
        "Description": str(document.get("description") or ""),
        "OptionsTable": _render_options(document.get("options")),
        "Notes": notes,
        "RepoUrl": url,
        "Registry": where.registry,
        "Namespace": where.namespace,
        "Version": version,
        "Customizations": _render_extensions(document),
    }
    body = (FEATURE_BODY if kind is FEATURE else TEMPLATE_BODY) + FOOT
    return _render_header(document) + _fill(body, words)


def _fill(body: str, words: Mapping[str, str]) -> str:
    """Return the body with its words filled in, each once; what a word brings is left as it is."""
    first, *parts = body.split("#{")
    return first + "".join(words[name] + rest for name, _, rest in (part.partition("}") for part in parts))


def _render_header(document: Mapping[str, JsonValue]) -> str:
    lines = []
    if document.get("deprecated"):
        lines.append(
            "**This Feature is deprecated, and will no longer receive any further updates/support.**"
        )
    if isinstance(old := document.get("legacyIds"), list) and old:
        names = ", ".join(f"'{name}'" for name in old)
        lines.append(f"**Ids used to publish this Feature in the past - {names}**")
    return "### **IMPORTANT NOTE**\n" + "".join(f"- {line}\n" for line in lines) if lines else ""


def _render_options(options: JsonValue) -> str:
    if not isinstance(options, dict):
        return ""
    rows = []
    for name, said in options.items():
        option = said if isinstance(said, dict) else {}
        default = _render_value(option["default"]) if "default" in option else "undefined"
        cells = (name, option.get("description") or "-", option.get("type") or "-", default or "-")
        rows.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return TABLE + "\n".join(rows)


def _render_value(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _render_extensions(document: Mapping[str, JsonValue]) -> str:
    found: JsonValue = dict(document)
    for key in ("customizations", "vscode", "extensions"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list) or not found:
        return ""
    lines = "".join(f"- `{name}`\n" for name in found)
    return f"\n## Customizations\n\n### VS Code Extensions\n\n{lines}"
