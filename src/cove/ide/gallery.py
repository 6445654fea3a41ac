"""The protocol by which VS Code asks an extension gallery: questions and answers as values, nothing fetched here.

The protocol is what VS Code's own client and Open VSX's server speak (`POST SERVICE/extensionquery`); the numbers are
those of VS Code's `FilterType` and `Flag`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.spec.jsonc import JsonValue

FILTER_EXTENSION_NAME, FILTER_TARGET, FILTER_EXCLUDE = 7, 8, 12
TARGET = "Microsoft.VisualStudio.Code"
UNPUBLISHED = "4096"
FLAGS = 0x1 | 0x2 | 0x10 | 0x80  # versions, their files, their properties, the address of the files
PACKAGE = "Microsoft.VisualStudio.Services.VSIXPackage"
EXTENSION_ID = re.compile(r"[A-Za-z0-9][\w-]*\.[A-Za-z0-9][\w.-]*")


class Gallery(NamedTuple):
    """Where extensions come from."""

    service_url: str
    settings: str = ""
    """VS Code's JSON for it, as it was given; empty if only the address was."""


OPEN_VSX = Gallery("https://open-vsx.org/vscode/gallery")
"""What code-server itself asks when nothing else is set."""


class Release(NamedTuple):
    """One version of an extension, for one platform, as a gallery tells it."""

    id: str
    """`publisher.name`, lower case."""
    version: str
    platform: str
    """`linux-x64`, …; `universal`."""
    engine: str
    """The VS Code it wants: `^1.80.0`, `*`."""
    url: str
    needs: tuple[str, ...] = ()
    """Ids of its dependencies and of the members of a pack."""
    preview: bool = False


def parse_gallery(text: str) -> Gallery:
    """Return the gallery that a setting names: the address of its service, or VS Code's EXTENSIONS_GALLERY JSON.

    Raises ConfigurationError.
    """
    text = text.strip()
    if text.startswith(("http://", "https://")):
        return Gallery(text.rstrip("/"))
    try:
        url = json.loads(text)["serviceUrl"]
    except (ValueError, TypeError, KeyError):
        url = ""
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ConfigurationError(
            "the extension gallery is neither an address nor JSON with a `serviceUrl`",
            hint='For example https://open-vsx.org/vscode/gallery, or {"serviceUrl": "…", "itemUrl": "…"}.',
        )
    return Gallery(url.rstrip("/"), text)


def render_gallery_env(gallery: Gallery) -> str:
    """Return what the editor inside needs to use the same gallery; empty for the one it uses anyway."""
    if gallery == OPEN_VSX:
        return ""
    if gallery.settings:
        return gallery.settings
    base = gallery.service_url.removesuffix("/gallery")
    return json.dumps(
        {
            "serviceUrl": gallery.service_url,
            "itemUrl": f"{base}/item",
            "resourceUrlTemplate": f"{base}/asset/{{publisher}}/{{name}}/{{version}}/{TARGET}.WebResources/{{path}}",
        }
    )


def render_query(ids: Iterable[str]) -> bytes:
    """Return the body of the question for these ids."""
    criteria = [{"filterType": FILTER_EXTENSION_NAME, "value": wanted} for wanted in ids]
    size = len(criteria)
    criteria += [
        {"filterType": FILTER_TARGET, "value": TARGET},
        {"filterType": FILTER_EXCLUDE, "value": UNPUBLISHED},
    ]
    page = {"criteria": criteria, "pageNumber": 1, "pageSize": size, "sortBy": 0, "sortOrder": 0}
    return json.dumps({"filters": [page], "assetTypes": [], "flags": FLAGS}).encode()


def parse_answer(body: bytes) -> dict[str, tuple[Release, ...]]:
    """Return all versions of each extension in an answer, by id. What does not look like one is left out.

    Raises ConfigurationError when the answer is no gallery's.
    """
    try:
        results = json.loads(body)["results"]
        listed = [found for result in results for found in result.get("extensions", [])]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError("the gallery's answer is not what VS Code's protocol says") from error
    found: dict[str, tuple[Release, ...]] = {}
    for item in listed:
        try:
            wanted = f"{item['publisher']['publisherName']}.{item['extensionName']}".lower()
            found[wanted] = tuple(_parse_version(wanted, version) for version in item.get("versions", []))
        except (TypeError, KeyError, AttributeError):
            continue
    return found


def _parse_version(wanted: str, version: Mapping[str, JsonValue]) -> Release:
    listed = version.get("properties")
    pairs = [(item["key"], item["value"]) for item in listed or () if isinstance(item, dict)]  # type: ignore[union-attr]  # narrowed by the caller's except
    properties = {str(key): str(value or "") for key, value in pairs}
    needs = [
        entry.strip().lower()
        for kind in ("ExtensionDependencies", "ExtensionPack")
        for entry in properties.get(f"{TARGET}.{kind}", "").split(",")
        if EXTENSION_ID.fullmatch(entry.strip())
    ]
    files = version.get("files")
    assets = {file.get("assetType"): file.get("source") for file in files or () if isinstance(file, dict)}  # type: ignore[union-attr]  # as above
    platform = str(version.get("targetPlatform") or "universal")
    beside = f"{version.get('assetUri')}/{PACKAGE}"
    beside += f"?targetPlatform={platform}" if platform != "universal" else ""
    return Release(
        id=wanted,
        version=str(version["version"]),
        platform=platform,
        engine=properties.get(f"{TARGET}.Engine", "*"),
        url=str(assets.get(PACKAGE) or beside),
        needs=tuple(dict.fromkeys(needs)),
        preview=properties.get(f"{TARGET}.PreRelease") == "true",
    )


def choose_release(
    releases: Sequence[Release], *, platform: str, code_version: str, version: str = ""
) -> Release | None:
    """Return the newest version that runs here: for this platform (rather than for all), on this VS Code.

    A preview is taken only if it was asked for by its version, or there is nothing else.
    """
    fitting = [
        found
        for found in releases
        if found.platform in {platform, "universal"}
        and fits_engine(found.engine, code_version)
        and version in {"", found.version}
    ]
    return max(
        fitting,
        key=lambda found: (not found.preview, version_key(found.version), found.platform == platform),
        default=None,
    )


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by: their first three numbers."""
    numbers = [int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:3]]
    return (*numbers, *(0,) * (3 - len(numbers)))


def fits_engine(wanted: str, code_version: str) -> bool:
    """Whether `engines.vscode` (`^1.80.0`, `>=1.80.0`, `1.80.x`, `*`) lets an extension run on this VS Code."""
    wanted = wanted.strip()
    if wanted in {"", "*"} or not re.search(r"\d", wanted):
        return True
    least, here = version_key(wanted), version_key(code_version)
    return least[0] == here[0] and least <= here if not wanted.startswith(">") else least <= here
