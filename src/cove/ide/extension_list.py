"""VS Code's list of installed extensions (`extensions.json`), pure: the workspace's own beside the store's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.ide.base import MOUNTED_AT
from cove.ide.gallery import EXTENSION_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.ide.store import StoredExtension
    from cove.spec.jsonc import JsonValue


def merge_extension_list(
    listed: Sequence[JsonValue], extensions: Sequence[StoredExtension]
) -> list[JsonValue]:
    """Return VS Code's `extensions.json`: the workspace's own entries, and the store's where there is no own one."""
    own = [entry for entry in listed if extension_id(entry) and not is_ours(entry)]
    taken = {extension_id(entry) for entry in own}
    return [*own, *(render_extension(stored) for stored in extensions if stored.id not in taken)]


def render_extension(stored: StoredExtension) -> JsonValue:
    """Return the store's extension as VS Code's list names it; updates are cove's business, hence `pinned`."""
    return {
        "identifier": {"id": stored.id},
        "version": stored.version,
        "location": {"$mid": 1, "path": f"{MOUNTED_AT}/extensions/{stored.folder}", "scheme": "file"},
        "metadata": {"installedTimestamp": 0, "pinned": True, "source": "vsix"},
    }


def revive_extensions(
    obsolete: Mapping[str, JsonValue], extensions: Sequence[StoredExtension]
) -> dict[str, JsonValue]:
    """Return VS Code's list of what is to be deleted (`.obsolete`) without the store's extensions."""
    ours = {stored.folder for stored in extensions} | {
        f"{stored.id}-{stored.version}" for stored in extensions
    }
    return {key: obsolete[key] for key in obsolete if key not in ours}


def extension_id(entry: JsonValue) -> str:
    """Return the id of an entry of VS Code's list; empty if it does not look like one."""
    identifier = entry.get("identifier") if isinstance(entry, dict) else None
    found = identifier.get("id") if isinstance(identifier, dict) else None
    return found.lower() if isinstance(found, str) and EXTENSION_ID.fullmatch(found) else ""


def is_ours(entry: JsonValue) -> bool:
    """Whether an entry is one of the store's."""
    location = entry.get("location") if isinstance(entry, dict) else None
    path = location.get("path") if isinstance(location, dict) else None
    return isinstance(path, str) and path.startswith(f"{MOUNTED_AT}/")
