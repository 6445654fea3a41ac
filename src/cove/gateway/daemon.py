"""Find this user's gateway, start it, stop it. On the path of every `up`: a running one is found in a millisecond."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import cove
from cove.errors import PlaceError
from cove.gateway.views import GatewayInfo

if TYPE_CHECKING:
    from cove.host.machine import Machine

START_PATIENCE_SECONDS = 20.0
STOP_PATIENCE_SECONDS = 10.0
FIRST_PORT = 17000
PORT_SPREAD = 10_000
"""Ports 17000 to 26999: below where kernels pick ports for connections (32768)."""


def info_path(machine: Machine) -> str:
    """Return the file in which a running gateway describes itself."""
    return f"{machine.directories.run}/gateway.json"


def control_path(machine: Machine) -> str:
    """Return the path of the control socket."""
    return f"{machine.directories.run}/gateway.sock"


def state_folder(machine: Machine) -> str:
    """Return the folder of what the gateway keeps between its lives."""
    return f"{machine.directories.state}/gateway"


def choose_first_port(uid: int) -> int:
    """Return the port a user's gateway tries first; users of one machine rarely meet."""
    return FIRST_PORT + uid % PORT_SPREAD


def read_gateway(machine: Machine) -> GatewayInfo | None:
    """Return the running gateway, of whatever version, or None."""
    # A file as short as this one is not worth a parser's import where the caller has none yet; it has.
    try:
        with open(info_path(machine), encoding="utf-8") as file:
            info = GatewayInfo(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None
    return info if answers(info.control) else None


def answers(control: str) -> bool:
    """Whether someone listens on the control socket."""
    import _socket  # the socket module's C half, all that is needed here: socket itself takes 6 ms to import

    link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        link.connect(control)
    except OSError:
        return False
    finally:
        link.close()
    return True


def find_gateway(machine: Machine, *, port: int = 0) -> GatewayInfo | None:
    """Return the running gateway if it is of this version, and on the port asked for."""
    found = read_gateway(machine)
    return found if found is not None and _fits(found, port) else None


def ensure_gateway(machine: Machine, *, port: int = 0) -> GatewayInfo:
    """Return the running gateway, started if there was none, or none of this version or on the port asked for.

    Two at once give one. It outlives the caller and its terminal. Raises PlaceError with the end of its log.
    """
    if found := find_gateway(machine, port=port):
        return found
    from cove.host.files import locked, make_private_directory

    make_private_directory(machine.directories.run)
    make_private_directory(state_folder(machine))
    with locked(
        f"{machine.directories.run}/gateway.lock", timeout=START_PATIENCE_SECONDS + STOP_PATIENCE_SECONDS
    ):
        found = read_gateway(machine)
        if found is not None and _fits(found, port):
            return found
        if found is not None:
            stop_gateway(machine)
        return _start(machine, port)


def _fits(info: GatewayInfo, port: int) -> bool:
    return info.version == cove.__version__ and port in (0, info.port)


def _start(machine: Machine, port: int) -> GatewayInfo:
    import sys

    from cove.host.proc import Command, start_detached

    log = f"{state_folder(machine)}/gateway.log"
    start = os.path.getsize(log) if os.path.exists(log) else 0
    argv = (sys.executable, "-m", "cove.gateway", *((str(port),) if port else ()))
    pid = start_detached(Command(argv), log=log)
    end = time.monotonic() + START_PATIENCE_SECONDS
    while time.monotonic() < end and _lives(pid):
        if found := read_gateway(machine):
            return found
        time.sleep(0.02)
    with open(log, "rb") as file:
        file.seek(start)
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    raise PlaceError(
        "the gateway did not start",
        hint=lines[-1] if lines else f"Its log is {log}.",
        detail="\n".join(lines[-12:]),
    )


def _lives(pid: int) -> bool:
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return ended == 0


def stop_gateway(machine: Machine) -> bool:
    """Stop the gateway and wait until it is gone; whether there was one. Raises PlaceError if it does not go."""
    found = read_gateway(machine)
    if found is None:
        return False
    from cove.gateway.client import ask

    ask(found, "POST", "/stop")
    end = time.monotonic() + STOP_PATIENCE_SECONDS
    while answers(found.control):
        if time.monotonic() > end:
            raise PlaceError(f"the gateway (process {found.pid}) does not stop", hint=f"kill {found.pid}")
        time.sleep(0.02)
    return True
