"""A folder of Features or Templates: read and packed, told of in one file, documented."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.host import files
from cove.host.pack import list_files, pack_folder
from cove.spec.collection import (
    COLLECTION,
    FEATURE,
    check_manifest,
    complete_feature,
    complete_template,
    render_collection,
    render_json,
)
from cove.spec.collection_docs import render_readme
from cove.spec.jsonc import parse_jsonc_object
from cove.spec.locations import CONFIGURATION_PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.spec.collection import Document, Kind
    from cove.spec.collection_docs import Whereabouts
    from cove.workspace.session import Session

MANIFEST_BYTES = 4 << 20


class Packed(NamedTuple):
    """A Feature or Template, packed."""

    document: Document
    """Its manifest, as in the archive."""
    file_name: str
    archive: bytes

    @property
    def id(self) -> str:
        """Its name in a registry."""
        return str(self.document["id"])


def make_output(output: str, target: str, *, clean: bool) -> None:
    """Make the folder that archives go to; one that is there is removed if `clean`, else it is a ConfigurationError."""
    if os.path.isdir(output):
        if not clean:
            raise ConfigurationError(
                f"Output directory '{output}' already exists.",
                hint="Manually delete, or pass '-f' to continue.",
            )
        real = os.path.realpath(output)
        if os.path.commonpath((os.path.realpath(target), real)) == real:
            raise ConfigurationError(
                f"removing '{output}' would remove what is to be packed", hint="Name another --output-folder."
            )
        files.remove_tree(output)
    os.makedirs(output)


def read_collection(session: Session, target: str, kind: Kind, *, leave_out: str = "") -> list[Packed]:
    """Return what a folder holds, packed: it may be one Feature or Template, or have several, each in a folder.

    `leave_out` is a folder within that does not count. Raises ConfigurationError.
    """
    target = os.path.normpath(target)
    if not os.path.isdir(target):
        raise ConfigurationError(f"Target folder '{target}' does not exist")
    if os.path.isfile(f"{target}/{kind.manifest}"):
        session.progress.note(f"Packaging single {kind.word}...")
        packed = _pack(target, kind, leave_out)
        return [packed._replace(file_name=kind.archive(packed.id))]
    session.progress.note(f"Packaging {kind.word} collection...")
    found = [_pack(folder, kind, leave_out) for folder in _find(session, target, kind)]
    if not found:
        raise ConfigurationError(
            f"Failed to package {kind.plural}: no folder in '{target}' has a {kind.manifest}"
        )
    session.progress.note(f"Packaged {len(found)} {kind.plural}!")
    return found


def _find(session: Session, target: str, kind: Kind) -> list[str]:
    found = []
    for name in sorted(os.listdir(target)):
        if name.startswith("."):
            continue
        folder = f"{target}/{name}"
        if not os.path.isfile(f"{folder}/{kind.manifest}"):
            session.progress.warn(f"{kind.word} '{name}' is missing a {kind.manifest}. Skipping... ")
            continue
        if kind is FEATURE and not os.path.isfile(f"{folder}/install.sh"):
            raise ConfigurationError(f"Feature '{name}' is missing an install.sh", path=folder)
        found.append(folder)
    return found


def _pack(folder: str, kind: Kind, leave_out: str) -> Packed:
    path = f"{folder}/{kind.manifest}"
    said = _read(path)
    complete = complete_feature(said) if kind is FEATURE else _complete_template(folder, said, leave_out)
    check_manifest(complete, kind, path)
    changed = {} if complete == said else {kind.manifest: render_json(complete, indent=4).encode()}
    archive = pack_folder(folder, replaced=changed, leave_out=leave_out)
    return Packed(complete, kind.archive(os.path.basename(folder)), archive)


def _complete_template(folder: str, said: Document, leave_out: str) -> Document:
    places = (".devcontainer.json", CONFIGURATION_PLACES[0])
    for path in (f"{folder}/{place}" for place in places):
        if os.path.isfile(path):
            return complete_template(said, _read(path), list_files(folder, leave_out=leave_out), path)
    raise ConfigurationError("Template is missing a devcontainer.json", path=folder)


def _read(path: str) -> Document:
    text = files.read_bounded(path, limit=MANIFEST_BYTES) or b""
    return parse_jsonc_object(text.decode("utf-8", "replace"), path)


def write_collection(output: str, kind: Kind, packed: Sequence[Packed]) -> None:
    """Write the archives, and devcontainer-collection.json beside them."""
    for each in packed:
        files.write_atomic(f"{output}/{each.file_name}", each.archive, mode=0o644)
    text = render_collection(kind, [each.document for each in packed])
    files.write_atomic(f"{output}/{COLLECTION}", text, mode=0o644)


def write_docs(session: Session, folder: str, kind: Kind, where: Whereabouts) -> None:
    """Write the README.md of each Feature or Template in a folder. Raises ConfigurationError."""
    if not os.path.isdir(folder):
        raise ConfigurationError(f"Project folder '{folder}' does not exist")
    for name in sorted(os.listdir(folder)):
        path = f"{folder}/{name}/{kind.manifest}"
        if name.startswith("."):
            continue
        session.progress.note(f"Generating {folder}/{name}/README.md...")
        if not os.path.isfile(path):
            session.progress.warn(f"{kind.manifest} not found at path '{path}'. Skipping...")
            continue
        document = _read(path)
        if not document.get("id"):
            session.progress.warn(f"{kind.manifest} for '{name}' does not contain an 'id'")
            continue
        notes = files.read_bounded(f"{folder}/{name}/NOTES.md", limit=MANIFEST_BYTES) or b""
        text = render_readme(document, kind, where, name, notes.decode("utf-8", "replace"))
        files.write_atomic(f"{folder}/{name}/README.md", text, mode=0o644)
