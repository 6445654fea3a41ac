"""The editor's files on this machine: had once, checked, shared by all workspaces, never changed afterwards.

A bundle's folder holds `bin/node`, `code-server/`, `inside/` (cove's own scripts) and `bundle.json`. Its name carries
the digest of all that decides its content, so a new version of cove or of its scripts is a new folder beside the old
one, which running containers keep.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, CoveError, NetworkError
from cove.host import files
from cove.ide import code_server, release
from cove.ide.base import Bundle
from cove.ide.layout import check_complete, copy_inside, open_to_all, trim

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.machine import Machine
    from cove.host.proc import Runner

    OnProgress = Callable[[str], None]

LIBC = "glibc"
MAKING = ".making-"
QUICK_CONNECT_SECONDS = 4.0
DIGEST_LETTERS = 16


class IdeSources(NamedTuple):
    """Where the editor may come from; every download can be redirected by one of these."""

    source: str = ""
    """A .tar.gz, as a path or an address: a standalone release of code-server, or a bundle of cove's."""
    release_url: str = ""
    """Stands for the release page's address, up to `/vVERSION/FILE`."""
    offline: bool = False
    """Ask no other machine."""
    ca_files: tuple[str, ...] = ()


def find_bundle(machine: Machine, sources: IdeSources | None = None, *, arch: str = "") -> Bundle | None:
    """Return the bundle if this machine has it; asks nobody.

    Raises ConfigurationError when the named source is missing, or no editor is made for the architecture.
    """
    wanted = sources or IdeSources()
    return _read_bundle(_path(machine, wanted, arch or machine.arch))


def ensure_bundle(
    machine: Machine,
    sources: IdeSources | None = None,
    *,
    arch: str = "",
    on_progress: OnProgress,
    runner: Runner,
) -> Bundle:
    """Return the bundle, having it made if this machine has none; `arch` is the container's, this machine's if empty.

    Two callers at once: one makes it, the other waits. What a killed one left is removed.
    Raises NetworkError when no source can be reached, ConfigurationError when the named one is unusable.
    """
    wanted, arch = sources or IdeSources(), arch or machine.arch
    path = _path(machine, wanted, arch)
    if found := _read_bundle(path):
        return found
    home = os.path.dirname(path)
    with files.locked(
        f"{home}/lock", on_wait=lambda: on_progress("editor: another cove is fetching it, waiting")
    ):
        if found := _read_bundle(path):
            return found
        for left in os.listdir(home):
            if left.startswith(MAKING):
                files.remove_tree(f"{home}/{left}")
        making = f"{home}/{MAKING}{os.getpid()}-{os.urandom(4).hex()}"
        os.mkdir(making, 0o755)
        try:
            return _make(making, path, _Wish(machine, wanted, arch, on_progress, runner))
        finally:
            files.remove_tree(making)


def export_bundle(bundle: Bundle, target: str) -> None:
    """Write a bundle as a .tar.gz that `source` accepts, owned by root inside, the same bytes for the same bundle."""
    import gzip
    import tarfile

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = ""
        return info

    temporary = f"{target}.{os.getpid()}.part"
    try:
        with (
            open(temporary, "wb") as raw,
            gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            archive.add(bundle.path, "cove-ide", filter=plain)
        os.replace(temporary, target)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


class _Wish(NamedTuple):
    """What is to be made, and with what."""

    machine: Machine
    sources: IdeSources
    arch: str
    on_progress: OnProgress
    runner: Runner


def _make(making: str, path: str, wish: _Wish) -> Bundle:
    source = _fill(making, wish)
    wish.on_progress("editor: leaving out what no container needs")
    size = trim(f"{making}/code-server", wish.arch)
    copy_inside(_inside(), making)
    open_to_all(making)
    check_complete(making)
    name, digest = os.path.basename(path), path.rpartition("-")[2]
    bundle = Bundle(path, code_server.NAME, code_server.VERSION, wish.arch, LIBC, digest, source)
    about = {**bundle._asdict(), "bytes": size, "node": _node_version(making, wish)}
    del about["path"]
    files.write_atomic(f"{making}/bundle.json", json.dumps(about, indent=2) + "\n", mode=0o644)
    if os.path.lexists(path):  # without a bundle.json that can be read, so nobody uses it
        os.rename(path, f"{making}.broken")
        files.remove_tree(f"{making}.broken")
    os.rename(making, path)
    wish.on_progress(f"editor: ready, {size // release.MEGABYTE} MB ({source}), {name}")
    return bundle


def _fill(making: str, wish: _Wish) -> str:
    """Leave `bin/node` and `code-server/` in the folder, from the first source that has them; return which it was."""
    from cove.host.http import HttpClient

    sources, machine = wish.sources, wish.machine
    if sources.source:
        return _fill_from_source(making, wish)
    if sources.offline:
        raise NetworkError(
            "the editor is not on this machine yet, and cove was told to stay offline",
            hint="Give its archive with --ide-source FILE, or run once with a network.",
        )
    quick = HttpClient(
        machine.env, ca_files=sources.ca_files, connect_seconds=QUICK_CONNECT_SECONDS, attempts=1
    )
    try:
        release.take_release(making, wish.arch, sources.release_url, quick, wish.on_progress)
    except CoveError as error:
        wish.on_progress(f"editor: not from the release page ({error}), so from npm")
        _empty(making)
    else:
        return "release"
    from cove.ide.npm import NpmRoad

    NpmRoad(making, wish.arch, machine, wish.runner, wish.on_progress).run()
    return "npm registry"


def _fill_from_source(making: str, wish: _Wish) -> str:
    from cove.host.http import HttpClient

    source = release.resolve_source(wish.sources.source, wish.machine.home)
    if not release.is_address(source):
        release.take_file(making, source, wish.on_progress)
    elif wish.sources.offline:
        raise NetworkError(
            f"the editor is to come from {source}, and cove was told to stay offline",
            hint="Name a file instead of an address.",
        )
    else:
        client = HttpClient(wish.machine.env, ca_files=wish.sources.ca_files)
        release.take_address(making, source, client, wish.on_progress)
    return source


def _empty(folder: str) -> None:
    for name in os.listdir(folder):
        path = f"{folder}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            files.remove_tree(path)
        else:
            os.unlink(path)


def _inside() -> str:
    return f"{os.path.dirname(os.path.abspath(__file__))}/inside"


def _node_version(making: str, wish: _Wish) -> str:
    """Return what the bundle's Node says of itself, empty where this machine cannot run it."""
    from cove.host.proc import Command

    if wish.arch != wish.machine.arch:
        return ""
    try:
        return wish.runner.run(Command((f"{making}/bin/node", "--version"), timeout=20)).stdout.strip()
    except (CoveError, OSError):
        return ""


def _read_bundle(path: str) -> Bundle | None:
    """Return the finished bundle in a folder; a folder without a whole bundle.json is none."""
    try:
        with open(f"{path}/bundle.json", encoding="utf-8") as file:
            about = json.load(file)
        fields = {name: str(about[name]) for name in Bundle._fields if name != "path"}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Bundle(path=path, **fields)


def _path(machine: Machine, sources: IdeSources, arch: str) -> str:
    if arch not in code_server.NODE_ARCHES:
        raise ConfigurationError(
            f"there is no editor for {arch} containers; there is for {' and '.join(code_server.NODE_ARCHES)}"
        )
    source = release.resolve_source(sources.source, machine.home) if sources.source else ""
    name = f"{code_server.NAME}-{code_server.VERSION}-{arch}-{LIBC}-{recipe_digest(source)}"
    return f"{machine.directories.cache}/ide/{name}"


def recipe_digest(source: str) -> str:
    """Return the digest of all that decides a bundle's content: the recipe, cove's scripts, a named source.

    A named file counts by its content, an address as it is written.
    """
    import hashlib

    digest = hashlib.sha256()
    for text in (code_server.VERSION, code_server.NODE_MAJOR, *code_server.LEFT_OUT, *code_server.TRIMMED):
        digest.update(f"{text}\n".encode())
    for root in (_inside(), f"{os.path.dirname(_inside())}/stand_ins"):
        for path in sorted(_files_below(root)):
            digest.update(f"{os.path.relpath(path, root)} {files.hash_file(path)}\n".encode())
    if source:
        digest.update((source if release.is_address(source) else files.hash_file(source)).encode())
    return digest.hexdigest()[:DIGEST_LETTERS]


def _files_below(root: str) -> list[str]:
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(root)
        for name in names
        if "__pycache__" not in folder and not name.endswith((".py", ".pyc"))
    ]
