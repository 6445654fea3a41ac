"""A Template, applied to a folder: all of it is made ready first, then it is put in its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.host import files
from cove.host.archive import extract_archive
from cove.host.pack import list_files, pack_folder
from cove.spec.artifact import parse_published
from cove.spec.collection import TEMPLATE
from cove.spec.jsonc import parse_jsonc_object
from cove.spec.template import add_features, choose_values, is_omitted, substitute_options
from cove.workspace.features import open_registry
from cove.workspace.published import fetch_published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.jsonc import JsonValue
    from cove.workspace.session import Session

UNPACKED_BYTES = 1 << 30


class ApplyRequest(NamedTuple):
    """Which Template, and what is asked of it."""

    template: str
    """Its name in a registry, or a folder: `./NAME`, `/PATH`."""
    folder: str
    """Where it goes, absolute."""
    options: Mapping[str, str] = {}
    features: tuple[tuple[str, JsonValue], ...] = ()
    """Features to add, with their options."""
    omitted: tuple[str, ...] = ()
    """Files, and folders as `folder/*`."""


def apply_template(session: Session, request: ApplyRequest) -> list[str]:
    """Apply a Template and return its files, `./NAME`, in the archive's order.

    Raises ConfigurationError, NetworkError, ArchiveError; then nothing was changed.
    """
    with files.scratch("template") as scratch:
        archive = f"{scratch}/template.tar"
        _fetch(session, request.template, archive)
        ready = f"{scratch}/ready"
        order = _extract(archive, ready)
        manifest = files.read_bounded(f"{ready}/{TEMPLATE.manifest}", limit=1 << 22)
        document = (
            parse_jsonc_object(manifest.decode("utf-8", "replace"), TEMPLATE.manifest) if manifest else {}
        )
        kept = [name for name in order if not is_omitted(name, request.omitted)]
        names = [name for name in dict.fromkeys(kept) if _is_plain(f"{ready}/{name}")]
        values = choose_values(document, request.options)
        content = {name: substitute_options(_read(f"{ready}/{name}"), values) for name in names}
        if request.features:
            _add_features(session, request, content)
        links = [name for name in list_files(ready) if name in kept and os.path.islink(f"{ready}/{name}")]
        _check_ways(request.folder, [*names, *links])
        for name in names:
            program = bool(os.stat(f"{ready}/{name}").st_mode & 0o100)
            os.makedirs(os.path.dirname(f"{request.folder}/{name}"), exist_ok=True)
            files.write_atomic(f"{request.folder}/{name}", content[name], mode=0o755 if program else 0o644)
        for name in links:
            _link(f"{request.folder}/{name}", os.readlink(f"{ready}/{name}"))
    return [f"./{name}" for name in names]


def _fetch(session: Session, template: str, archive: str) -> None:
    if template.startswith((".", "/")):
        folder = os.path.normpath(os.path.join(session.machine.cwd, template))
        if not os.path.isfile(f"{folder}/{TEMPLATE.manifest}"):
            raise ConfigurationError(f"'{folder}' is no Template: it has no {TEMPLATE.manifest}")
        files.write_atomic(archive, pack_folder(folder))
        return
    reference = parse_published(template)
    if reference is None:
        raise ConfigurationError(
            f"Failed to parse template ref for {template}",
            hint="REGISTRY/OWNER/REPOSITORY/NAME[:VERSION], or a folder: ./NAME.",
        )
    registry, _ = open_registry(session)
    published = fetch_published(registry, reference)
    registry.fetch_blob(reference, published.manifest.layer, archive)


def _extract(archive: str, folder: str) -> list[str]:
    """Unpack an archive and return the names in it, in its order."""
    order: list[str] = []

    def remember(name: str) -> str:
        order.append(name)
        return name

    extract_archive(archive, folder, select=remember, limit=UNPACKED_BYTES)
    return order


def _is_plain(path: str) -> bool:
    return os.path.isfile(path) and not os.path.islink(path)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _add_features(session: Session, request: ApplyRequest, content: dict[str, bytes]) -> None:
    name = next((name for name in content if name.endswith("devcontainer.json")), None)
    if name is None:
        session.progress.warn("Could not find a devcontainer.json to apply selected Features onto.")
        return
    text = content[name].decode("utf-8", "replace")
    content[name] = add_features(text, request.features, f"{request.folder}/{name}").encode()


def _check_ways(folder: str, names: list[str]) -> None:
    """Raise ConfigurationError where a link in the folder would lead a file out of it."""
    root = os.path.realpath(folder)
    for name in names:
        place = os.path.realpath(os.path.dirname(f"{folder}/{name}"))
        if os.path.commonpath((root, place)) != root:
            raise ConfigurationError(
                "a link leads out of the folder that the Template goes to", path=f"{folder}/{name}"
            )


def _link(path: str, target: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        os.symlink(target, path)
