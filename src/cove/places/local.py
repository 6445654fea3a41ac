"""Workspaces on an engine this machine can talk to, and the three ways into them.

`socket`: the editor's unix socket in a folder that host and container share. `port`: a loopback port that
the engine published. `exec`: a multiplexed stream through the engine's exec, for engines whose files are
elsewhere. Ports inside go through that stream whatever the editor's way is: it needs no network, no published
port and no second listener.
"""

from __future__ import annotations

import os
import socket
import stat
import threading
from typing import TYPE_CHECKING

from cove.errors import PlaceError
from cove.host.files import make_private_directory, remove_tree
from cove.ide.base import MOUNTED_AT, SOCKETS_AT
from cove.spec.run import ExecRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.machine import Machine
    from cove.host.proc import Command
    from cove.places.base import Endpoint, Target
    from cove.places.mux import Mux

CONNECT_PATIENCE_SECONDS = 5.0
SOCKET_NAME = "ide.sock"
LONGEST_SOCKET_PATH = 107


def socket_folder(machine: Machine, workspace_id: str) -> str:
    """Return `RUN/ID/s`, the folder to mount at SOCKETS_AT."""
    return f"{machine.directories.run}/{workspace_id}/s"


def editor_socket(machine: Machine, workspace_id: str) -> str:
    """Return the path of the editor's socket on this machine."""
    return f"{socket_folder(machine, workspace_id)}/{SOCKET_NAME}"


def make_socket_folder(machine: Machine, workspace_id: str) -> str:
    """Make `RUN/ID/s` anew and return it; call it before each start of the container, never while it runs.

    It is writable for all, so that any uid inside can listen in it; `RUN/ID` around it, never mounted, is its
    owner's alone, so nobody else on this machine gets to it. Raises PlaceError when the path is too long for
    a socket, ConfigurationError when the folder is someone else's.
    """
    folder = socket_folder(machine, workspace_id)
    if len(f"{folder}/{SOCKET_NAME}") > LONGEST_SOCKET_PATH:
        raise PlaceError(
            f"{folder} is too long a path for sockets (at most {LONGEST_SOCKET_PATH} bytes)",
            hint="Set COVE_RUN_DIR to a shorter one.",
        )
    make_private_directory(machine.directories.run)
    parent = make_private_directory(os.path.dirname(folder))
    for name in os.listdir(parent):
        # Moved first: a container with mapped ids leaves what the host's user may move but not remove.
        stale = f"{parent}/old-{os.urandom(4).hex()}"
        os.rename(f"{parent}/{name}", stale)
        remove_tree(stale)
    os.mkdir(folder)
    os.chmod(folder, 0o777)  # noqa: S103 - see above
    return folder


def mux_request(container: str) -> ExecRequest:
    """Return the command in the container that carries the multiplexed stream."""
    argv = (f"{MOUNTED_AT}/ide/bin/node", f"{MOUNTED_AT}/ide/inside/mux.js")
    return ExecRequest(container, argv, interactive=True)


class LocalPlace:
    """A Place on this machine's engines; `engine_command` returns what `mux_request` becomes there."""

    def __init__(self, machine: Machine, engine_command: Callable[[Endpoint], Command]) -> None:
        self._machine = machine
        self._engine_command = engine_command
        self._muxes: dict[tuple[str, str], Mux] = {}
        self._starting: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def connect(self, endpoint: Endpoint, target: Target) -> socket.socket:
        """Return a connected stream socket; see Place."""
        if target.port:
            return self._through_exec(endpoint, f"tcp:{target.port}")
        if endpoint.way == "socket":
            return connect_socket(f"{self._machine.directories.run}/{endpoint.id}", f"s/{SOCKET_NAME}")
        if endpoint.way == "port":
            return connect_port(endpoint.address)
        return self._through_exec(endpoint, f"unix:{SOCKETS_AT}/{SOCKET_NAME}")

    def close(self) -> None:
        """End the streams through exec that are held."""
        with self._lock:
            for mux in self._muxes.values():
                mux.close()
            self._muxes.clear()

    def _through_exec(self, endpoint: Endpoint, target: str) -> socket.socket:
        mux = self._mux(endpoint)
        try:
            return mux.open(target, CONNECT_PATIENCE_SECONDS)
        except PlaceError:
            if mux.alive:
                raise
        return self._mux(endpoint).open(target, CONNECT_PATIENCE_SECONDS)

    def _mux(self, endpoint: Endpoint) -> Mux:
        from cove.places.mux import Mux

        key = (endpoint.engine, endpoint.container)
        with self._lock:
            starting = self._starting.setdefault(key, threading.Lock())
        with starting:  # one workspace's slow start holds up no other
            mux = self._muxes.get(key)
            if mux is None or not mux.alive:
                mux = Mux(self._engine_command(endpoint))
                with self._lock:
                    self._muxes[key] = mux
            return mux


def connect_socket(private: str, name: str) -> socket.socket:
    """Return a connection to the unix socket `name` below `private`, a folder that only its owner may enter.

    What runs in the container can put anything in place of its socket, a link to the host's docker socket for
    one. So the file is opened without following links, must be a socket, and is connected to by that very
    handle. Raises PlaceError.
    """
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(CONNECT_PATIENCE_SECONDS)
    try:
        if hasattr(os, "O_PATH"):
            _connect_by_handle(link, private, name)
        else:  # macOS: no such handles; there, containers run in a virtual machine and this way is not taken
            _check_socket(os.lstat(f"{private}/{name}"), f"{private}/{name}")
            link.connect(f"{private}/{name}")
    except OSError as error:
        link.close()
        raise PlaceError(
            f"the editor does not listen on {private}/{name}: {error.strerror or error}"
        ) from error
    except PlaceError:
        link.close()
        raise
    link.settimeout(None)
    return link


def _connect_by_handle(link: socket.socket, private: str, name: str) -> None:
    folder = os.open(private, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PlaceError(
                f"{private} is not this user's alone; left alone", hint="`cove up` makes it anew."
            )
        handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        _check_socket(os.fstat(handle), f"{private}/{name}")
        link.connect(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _check_socket(found: os.stat_result, path: str) -> None:
    # Its owner is whoever the remote user is mapped to, which only the engine knows: it is not compared.
    if not stat.S_ISSOCK(found.st_mode):
        raise PlaceError(
            f"{path} is not a socket; left alone",
            hint="Something in the container replaced it. `cove up` makes it anew.",
        )


def connect_port(address: str) -> socket.socket:
    """Return a connection to `host:port`. Raises PlaceError."""
    host, _, port = address.rpartition(":")
    try:
        link = socket.create_connection((host.strip("[]"), int(port)), CONNECT_PATIENCE_SECONDS)
    except (OSError, ValueError) as error:
        raise PlaceError(f"the editor does not listen on {address or 'any port'}: {error}") from error
    link.settimeout(None)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link
