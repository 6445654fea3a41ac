"""Where the SSH server comes from: the person's setting, the package `cove-sshd`, the cache, or a build on this machine."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, NetworkError
from cove.host.files import hash_file, locked, read_bounded, remove_tree
from cove.ssh.recipe import TARGETS, recipe_digest

if TYPE_CHECKING:
    from cove.workspace.session import Session

ABOUT = "server.json"
ABOUT_BYTES = 1 << 16
PACKAGE = "cove_sshd"
ARCHIVE_BYTES = 64 << 20


class Server(NamedTuple):
    """A server's programs on this machine, ready to go into a container."""

    folder: str
    version: str
    programs: tuple[str, ...]
    digest: str
    """Of the programs: what is in a container is the same if this is."""


def find_server(session: Session, arch: str) -> Server:
    """Return the server for containers of an architecture, built if this machine has none.

    Raises ConfigurationError for a setting that leads to no server, and what `build_server` raises.
    """
    if session.settings.ssh_server:
        return _take_named(session, arch)
    if folder := _packaged(arch):
        return read_server(folder)
    folder = f"{session.machine.directories.cache}/ssh/openssh-{arch}-{recipe_digest()}"
    if os.path.exists(f"{folder}/{ABOUT}"):
        return read_server(folder)
    if session.settings.offline:
        raise NetworkError(
            "the SSH server is not on this machine yet, and cove was told to stay offline",
            hint="Set `ssh_server` to a folder or its .tar.gz, or run `cove ssh-config` once with a network.",
        )
    from cove.ssh.build import build_server

    with (
        session.progress.step("ssh", "building the SSH server") as step,
        locked(f"{folder}.lock", on_wait=lambda: step.line("another cove is building it, waiting")),
    ):
        if not os.path.exists(f"{folder}/{ABOUT}"):
            index = session.settings.pypi_index
            build_server(folder, arch, session.machine, session.runner, tell=step.line, index=index)
    return read_server(folder)


def read_server(folder: str) -> Server:
    """Return the server in a folder, its programs compared with their checksums. Raises ConfigurationError."""
    data = read_bounded(f"{folder}/{ABOUT}", limit=ABOUT_BYTES)
    if data is None:
        raise ConfigurationError("is no SSH server for containers: there is no server.json", path=folder)
    try:
        about = json.loads(data)
        sums = {str(name): str(value) for name, value in about["sha256"].items()}
        version = str(about["version"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError("does not describe an SSH server", path=f"{folder}/{ABOUT}") from error
    for name, expected in sums.items():
        if "/" in name or not os.path.isfile(f"{folder}/{name}") or hash_file(f"{folder}/{name}") != expected:
            raise ConfigurationError(
                "is missing or not what its checksum says",
                path=f"{folder}/{name}",
                hint="Remove the folder; cove builds or fetches it anew.",
            )
    if "sshd" not in sums:
        raise ConfigurationError("names no sshd", path=f"{folder}/{ABOUT}")
    digest = "".join(sums[name][:8] for name in sorted(sums))
    return Server(folder, version, tuple(sorted(sums)), digest)


def _take_named(session: Session, arch: str) -> Server:
    """Return the server that the setting names: a folder, a folder of one per architecture, or a .tar.gz of either."""
    named = os.path.expanduser(session.settings.ssh_server)
    if not os.path.exists(named):
        raise ConfigurationError(f"the setting `ssh_server` names {named}, which does not exist")
    if os.path.isfile(named):
        named = _unpack(session, named)
    return read_server(f"{named}/{arch}" if os.path.isdir(f"{named}/{arch}") else named)


def _unpack(session: Session, archive: str) -> str:
    from cove.host.archive import extract_archive

    target = f"{session.machine.directories.cache}/ssh/given-{hash_file(archive)[:12]}"
    if not os.path.isdir(target):
        making = f"{target}.making-{os.urandom(4).hex()}"
        try:
            extract_archive(archive, making, limit=ARCHIVE_BYTES)
            os.rename(making, target)
        finally:
            remove_tree(making)
    return target


def _packaged(arch: str) -> str:
    """Return the folder of the installed package's server, empty where there is none."""
    from importlib.util import find_spec

    spec = find_spec(PACKAGE) if arch in TARGETS else None
    for place in (spec and spec.submodule_search_locations) or ():
        if os.path.exists(f"{place}/{arch}/{ABOUT}"):
            return f"{place}/{arch}"
    return ""
