"""Collections of Features and Templates: what is added to each one's manifest when it is packed, and what is told of all.

Source: the specification's "Features distribution" and "Templates distribution".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.jsonc import JsonValue

    Document = dict[str, JsonValue]

COLLECTION = "devcontainer-collection.json"
NEEDED = ("id", "version", "name")
PATH = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*")
"""The name of a repository in a registry (OCI Distribution Specification)."""
TAG = re.compile(r"[a-z0-9_][a-z0-9._-]{0,127}")


class Kind(NamedTuple):
    """What a collection is of."""

    word: str
    plural: str

    @property
    def manifest(self) -> str:
        """The name of its manifest."""
        return f"devcontainer-{self.word}.json"

    def archive(self, name: str) -> str:
        """Return the file name of a packed one."""
        return f"devcontainer-{self.word}-{name}.tgz"


FEATURE = Kind("feature", "features")
TEMPLATE = Kind("template", "templates")


def check_manifest(document: Mapping[str, JsonValue], kind: Kind, path: str) -> None:
    """Raise ConfigurationError where a manifest lacks what every published one must have."""
    lacking = [name for name in NEEDED if not document.get(name)]
    if lacking:
        raise ConfigurationError(
            f"{kind.word} is missing one of the following required properties in its {kind.manifest}: "
            f"'id', 'version', 'name' ({', '.join(lacking)})",
            path=path,
        )
    for name in NEEDED:
        if not isinstance(document[name], str):
            raise ConfigurationError(f"`{name}` must be a string", path=path)
    if re.search(r"[/\\\0]|^\.", str(document["id"])):
        raise ConfigurationError(
            "`id` is not the name of a folder", path=path, hint="Letters, digits, `-` and `_`."
        )


def complete_feature(document: Document) -> Document:
    """Return a Feature's manifest as it is packed: one that was renamed says its present name too."""
    return {**document, "currentId": document["id"]} if document.get("legacyIds") else document


def complete_template(
    document: Document, config: Mapping[str, JsonValue], files: Sequence[str], config_path: str
) -> Document:
    """Return a Template's manifest as it is packed: what kind it is, its files, its Features.

    `files` are all of the Template's, by their names within it. Raises ConfigurationError.
    """
    features = config.get("features")
    resources = [parse_resource(name) for name in features] if isinstance(features, dict) else []
    complete: Document = {
        **document,
        "type": choose_type(config, config_path),
        "files": list(files),
        "fileCount": len(files),
        "featureIds": [resource for resource in resources if resource],
    }
    if isinstance(paths := document.get("optionalPaths"), list) and paths:
        complete["optionalPaths"] = [_sole_file(path, files) for path in paths]
    return complete


def _sole_file(path: JsonValue, files: Sequence[str]) -> JsonValue:
    """Return the one file that `folder/*` stands for, where it is one: that tells a person more."""
    if not isinstance(path, str) or not path.endswith("/*") or len(path) < 3:
        return path
    inside = [name for name in files if name.startswith(path[:-1])]
    return inside[0] if len(inside) == 1 else path


def choose_type(config: Mapping[str, JsonValue], path: str) -> str:
    """Return what kind of container a devcontainer.json describes. Raises ConfigurationError."""
    build = config.get("build")
    if "image" in config:
        return "image"
    if "dockerFile" in config or (isinstance(build, dict) and "dockerfile" in build):
        return "dockerfile"
    if "dockerComposeFile" in config:
        return "dockerCompose"
    raise ConfigurationError(
        'Dev container config is missing one of "image", "dockerFile" or "dockerComposeFile" properties.',
        path=path,
    )


def render_collection(kind: Kind, documents: Sequence[Mapping[str, JsonValue]]) -> str:
    """Return the text of devcontainer-collection.json."""
    return render_json(
        {"sourceInformation": {"source": "devcontainer-cli"}, kind.plural: documents}, indent=4
    )


def render_json(value: object, *, indent: int | None = None) -> str:
    """Return JSON as the reference writes it.

    >>> render_json({"a": [1, "ä"]})
    '{"a":[1,"ä"]}'
    """
    separators = (",", ": " if indent else ":")
    return json.dumps(value, indent=indent, ensure_ascii=False, separators=separators)


def parse_resource(text: str) -> str:
    """Return the name of what a registry has, without tag and digest, in lower case; empty for anything else.

    >>> parse_resource("ghcr.io/devcontainers/features/Go:1"), parse_resource("./go"), parse_resource("git")
    ('ghcr.io/devcontainers/features/go', '', '')
    """
    name, at, digest = text.lower().partition("@")
    head, slash, tail = name.rpartition("/")
    last, colon, tag = tail.partition(":")
    resource = name if at else f"{head}{slash}{last}"
    path = resource.partition("/")[2]
    if resource.startswith(".") or not PATH.fullmatch(path) or "/" not in path:
        return ""
    if (at and not digest.startswith("sha256:")) or (colon and not at and not TAG.fullmatch(tag)):
        return ""
    return resource
