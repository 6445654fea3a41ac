"""The keys that cove makes and keeps: one of the person's, and one for each workspace; nobody else's are touched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.errors import PlaceError
from cove.host.files import locked, make_private_directory, read_bounded, write_atomic
from cove.host.proc import Command, CommandMissing

if TYPE_CHECKING:
    from cove.host.machine import Machine
    from cove.host.proc import Runner

KEY_BYTES = 1 << 14
KNOWN_BYTES = 1 << 22
SUFFIX = ".cove"
"""Of a workspace's name as SSH knows it: `digits.cove`."""


def ssh_folder(machine: Machine) -> str:
    """Return the folder of keys, known hosts and the client's configuration."""
    return f"{machine.directories.state}/ssh"


def client_key(machine: Machine) -> str:
    """Return the path of the person's private key for workspaces."""
    return f"{ssh_folder(machine)}/id_ed25519"


def known_hosts(machine: Machine) -> str:
    """Return the path of the list of the workspaces' keys."""
    return f"{ssh_folder(machine)}/known_hosts"


def ensure_client_key(machine: Machine, runner: Runner) -> str:
    """Return the public half of the person's key, made if missing. Raises PlaceError."""
    make_private_directory(ssh_folder(machine))
    return ensure_key(client_key(machine), "cove", runner)


def ensure_host_key(machine: Machine, key: str, runner: Runner) -> tuple[str, str]:
    """Return path and public half of a workspace's key, made if missing; `key` is its folder in STATE. Raises PlaceError."""
    folder = f"{machine.directories.state}/{key}/ssh"
    make_private_directory(folder)
    path = f"{folder}/host_key"
    return path, ensure_key(path, "cove workspace", runner)


def ensure_key(path: str, comment: str, runner: Runner) -> str:
    """Return the public half of the key at `path`, made by ssh-keygen (0600) if missing. Raises PlaceError."""
    with locked(f"{path}.lock"):
        public = _read_public(path)
        if public and os.path.exists(path):
            return public
        for left in (path, f"{path}.pub"):
            if os.path.lexists(left):
                os.unlink(left)
        argv = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path)
        try:
            outcome = runner.run(Command(argv, timeout=60))
        except CommandMissing as error:
            raise PlaceError(
                "there is no OpenSSH client on this machine",
                hint="Install it: `apt-get install openssh-client`.",
            ) from error
        if not outcome.ok:
            raise PlaceError(f"ssh-keygen could not make {path}: {outcome.last_lines(1)}")
        return _read_public(path)


def _read_public(path: str) -> str:
    return (read_bounded(f"{path}.pub", limit=KEY_BYTES) or b"").decode("utf-8", "replace").strip()


def remember_host(machine: Machine, name: str, public: str) -> None:
    """Let the client know a workspace by its key, and by no other that it had before."""
    path = known_hosts(machine)
    with locked(f"{path}.lock"):
        known = (read_bounded(path, limit=KNOWN_BYTES) or b"").decode("utf-8", "replace")
        text = render_known_hosts(known, f"{name}{SUFFIX}", public)
        if text != known:
            write_atomic(path, text)


def render_known_hosts(known: str, host: str, public: str) -> str:
    r"""Return the list with this key as the one of a host.

    >>> render_known_hosts("a.cove ssh-ed25519 OLD\nb.cove ssh-ed25519 B\n", "a.cove", "ssh-ed25519 NEW cove")
    'b.cove ssh-ed25519 B\na.cove ssh-ed25519 NEW\n'
    """
    others = [line for line in known.splitlines() if line.split(" ")[0].lower() != host.lower()]
    kind, key = public.split()[:2]
    return "\n".join([*others, f"{host.lower()} {kind} {key}"]) + "\n"
