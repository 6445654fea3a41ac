"""The store of extensions, which all workspaces read and none can write.

`cache/extensions/PUBLISHER.NAME-VERSION-SHA12/` holds what a .vsix has in its `extension/` folder, and beside its
files `.cove.json`. SHA12 begins the SHA-256 of the .vsix.
"""

from __future__ import annotations

import json
import os
import re
from typing import NamedTuple

from cove.errors import ConfigurationError
from cove.host import files
from cove.host.archive import extract_archive
from cove.ide.gallery import EXTENSION_ID

SHA_LETTERS = 12
PACKAGE_JSON_BYTES = 8 << 20
VSIX_BYTES = 2 << 30
ABOUT = ".cove.json"
MAKING = ".making-"


class StoredExtension(NamedTuple):
    """One extension in the store."""

    id: str
    """`publisher.name`, lower case."""
    version: str
    folder: str
    """Its name in the store."""
    path: str
    needs: tuple[str, ...] = ()
    """Ids of its dependencies and of the members of a pack."""
    platform: str = "universal"
    engine: str = "*"


def store_vsix(path: str, store: str, *, platform: str = "", expected: str = "") -> StoredExtension:
    """Put a .vsix file into the store, or find it there; `expected` is the id it must have.

    Raises ConfigurationError when it is missing or no extension, ArchiveError when it is damaged.
    """
    if not os.path.isfile(path):
        raise ConfigurationError("there is no such file", path=path)
    sha = files.hash_file(path)[:SHA_LETTERS]
    for name in os.listdir(store):
        if name.endswith(f"-{sha}") and (stored := _read_stored(store, name)):
            _check_identity(stored.id, expected or stored.id, path)
            return stored
    making = f"{store}/{MAKING}{sha}-{os.urandom(4).hex()}"
    try:
        extract_archive(path, making, select=_only_the_extension, limit=VSIX_BYTES)
        manifest = read_manifest(making, path)
        found = f"{manifest['publisher']}.{manifest['name']}".lower()
        _check_identity(found, expected or found, path)
        name = f"{found}-{manifest['version']}-{sha}"
        about = {"id": found, "version": manifest["version"], "platform": platform or read_platform(path)}
        about |= {"engine": _engine(manifest), "needs": parse_needs(manifest)}
        files.write_atomic(f"{making}/{ABOUT}", json.dumps(about), mode=0o644)
        os.rename(making, f"{store}/{name}")
    finally:
        files.remove_tree(making)
    stored = _read_stored(store, name)
    assert stored is not None
    return stored


def _check_identity(found: str, expected: str, path: str) -> None:
    if found != expected:
        raise ConfigurationError(f"it says of itself that it is {found}, not {expected}", path=path)


def _only_the_extension(name: str) -> str | None:
    return name.removeprefix("extension/") if name.startswith("extension/") else None


def read_manifest(folder: str, path: str) -> dict[str, object]:
    """Return an unpacked extension's package.json. Raises ConfigurationError, naming the .vsix at `path`."""
    try:
        data = files.read_bounded(f"{folder}/package.json", limit=PACKAGE_JSON_BYTES)
        manifest = dict(json.loads(data or b""))
        name, version = f"{manifest['publisher']}.{manifest['name']}", str(manifest["version"])
    except (ValueError, TypeError, KeyError, ConfigurationError):
        manifest, name, version = {}, "", ""
    if not EXTENSION_ID.fullmatch(name) or not re.fullmatch(r"[0-9A-Za-z.+-]{1,60}", version):
        raise ConfigurationError("is no VS Code extension: its package.json is missing or wrong", path=path)
    return manifest


def read_platform(path: str) -> str:
    """Return the platform a .vsix is made for, by its manifest file; `universal` if it says none."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive, archive.open("extension.vsixmanifest") as file:
            text = file.read(PACKAGE_JSON_BYTES).decode("utf-8", "replace")
    except (KeyError, OSError, zipfile.BadZipFile):
        return "universal"
    found = re.search(r'<Identity\b[^>]*\bTargetPlatform="([\w-]+)"', text)
    return found[1] if found else "universal"


def _engine(manifest: dict[str, object]) -> str:
    engines = manifest.get("engines")
    return str(engines.get("vscode", "*")) if isinstance(engines, dict) else "*"


def parse_needs(manifest: dict[str, object]) -> list[str]:
    """Return the ids that an extension's package.json asks for besides itself."""
    needs: list[str] = []
    for key in ("extensionDependencies", "extensionPack"):
        listed = manifest.get(key)
        needs += (
            [item.lower() for item in listed if isinstance(item, str)] if isinstance(listed, list) else []
        )
    built_in = ("vscode.", "ms-vscode.js-debug", "ms-vscode.references-view")
    return [
        need
        for need in dict.fromkeys(needs)
        if EXTENSION_ID.fullmatch(need) and not need.startswith(built_in)
    ]


def read_store(store: str, wanted: str = "") -> list[StoredExtension]:
    """Return what the store has, of one id or of all."""
    names = sorted(os.listdir(store)) if os.path.isdir(store) else []
    stored = [_read_stored(store, name) for name in names if name.startswith(f"{wanted}-" if wanted else "")]
    return [found for found in stored if found and wanted in {"", found.id}]


def _read_stored(store: str, name: str) -> StoredExtension | None:
    try:
        with open(f"{store}/{name}/{ABOUT}", encoding="utf-8") as file:
            about = json.load(file)
        return StoredExtension(
            about["id"],
            about["version"],
            name,
            f"{store}/{name}",
            tuple(about["needs"]),
            about["platform"],
            about["engine"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
