"""An editor as data: what to fetch, what to run, where it listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.run import Mount

MOUNTED_AT = "/opt/cove"
"""Where cove's own read-only files appear in a container: `ide/`, `extensions/`."""
SOCKETS_AT = "/run/cove"
"""Where the workspace's socket folder appears in a container, writable for all; the editor's is `ide.sock`."""
DATA_AT = "/var/lib/cove"
"""Where the workspace's own editor data (settings, extensions, history) appears in a container."""


class Bundle(NamedTuple):
    """The files of one editor on this machine, ready to mount."""

    path: str
    """The folder; content-addressed, complete, never changed."""
    ide: str
    """`code-server`."""
    version: str
    arch: str
    libc: str
    digest: str
    source: str
    """Where it came from, in a person's words: `npm registry`, `release`, the file or URL given."""


class IdeLaunch(NamedTuple):
    """What a container needs for the editor to run in it."""

    mounts: tuple[Mount, ...]
    argv: tuple[str, ...]
    """Run as the remote user, detached."""
    env: Mapping[str, str]
    health_path: str
    """Answers 200 without a login once the editor is up: `/healthz`."""
