"""Facts about this machine and the person, read once and passed on as values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Owner(NamedTuple):
    """Whose files these are: numeric user and group id."""

    uid: int
    gid: int


class Directories(NamedTuple):
    """cove's own folders, by the XDG Base Directory Specification; none is made by naming it.

    config: the person's settings and profile · data: what survives (`workspaces/ID`) · cache: what can be had again
    (`ide/`, `extensions/`) · state: what the engine cannot hold (`ID/`), disposable · run: sockets, renewed at each start.
    """

    config: str
    data: str
    cache: str
    state: str
    run: str


class Machine(NamedTuple):
    """This machine, as far as a plan needs to know it."""

    system: str
    """`Linux` or `Darwin`."""
    arch: str
    """As image platforms spell it: `amd64`, `arm64`."""
    owner: Owner
    """Who the files of a workspace belong to when its folder does not say."""
    is_root: bool
    home: str
    env: Mapping[str, str]
    directories: Directories
    cwd: str


ARCHES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def read_machine() -> Machine:
    """Read the facts of this machine from the process, its environment and the kernel."""
    env = dict(os.environ)
    name = os.uname()
    home = env.get("HOME") or os.path.expanduser("~")
    return Machine(
        system=name.sysname,
        arch=ARCHES.get(name.machine, name.machine),
        owner=choose_owner(os.getuid(), os.getgid(), env),
        is_root=os.getuid() == 0,
        home=home,
        env=env,
        directories=choose_directories(env, home, os.getuid()),
        cwd=os.getcwd(),
    )


def choose_owner(uid: int, gid: int, env: Mapping[str, str]) -> Owner:
    """Return the caller, or under sudo the person who called it."""
    if uid == 0 and env.get("SUDO_UID", "").isdigit() and env.get("SUDO_GID", "").isdigit():
        return Owner(int(env["SUDO_UID"]), int(env["SUDO_GID"]))
    return Owner(uid, gid)


def choose_directories(env: Mapping[str, str], home: str, uid: int) -> Directories:
    """Return cove's folders: `COVE_HOME` puts them all in one place, else the XDG variables, else their defaults.

    Sockets need a short path (107 bytes) that survives logout, so `run` is `/tmp/cove-UID` rather than
    XDG_RUNTIME_DIR, which the login manager empties.
    """
    run = env.get("COVE_RUN_DIR") or f"/tmp/cove-{uid}"  # noqa: S108 - made 0700 and checked before each use
    if base := env.get("COVE_HOME"):
        return Directories(f"{base}/config", f"{base}/data", f"{base}/cache", f"{base}/state", run)

    def folder(variable: str, default: str) -> str:
        value = env.get(variable, "")
        return f"{value if value.startswith('/') else f'{home}/{default}'}/cove"

    return Directories(
        config=folder("XDG_CONFIG_HOME", ".config"),
        data=folder("XDG_DATA_HOME", ".local/share"),
        cache=folder("XDG_CACHE_HOME", ".cache"),
        state=folder("XDG_STATE_HOME", ".local/state"),
        run=run,
    )
