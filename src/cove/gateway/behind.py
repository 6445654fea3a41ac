"""A gateway for one front: `python -m cove.gateway.behind`, started by Jupyter on demand and ended with it.

It has no port of its own and no login: it listens where only the front can come, on a unix socket in a private folder,
or on a loopback port with a secret in the environment that the front sends along.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from cove.errors import CoveError
from cove.gateway.auth import Keys
from cove.gateway.daemon import state_folder
from cove.gateway.directory import Directory
from cove.gateway.prefix_door import PrefixDoor
from cove.gateway.server import make_web_server, open_loopback, open_unix, read_secret
from cove.gateway.starts import Starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.gateway.directory import ReadViews
    from cove.host.machine import Machine
    from cove.places.base import Place

SECRET_VARIABLE = "COVE_DOOR_SECRET"  # noqa: S105 - a name
ORPHAN_SECONDS = 2.0
"""How often it looks whether the one who started it lives."""


def parse_words(words: Sequence[str]) -> argparse.Namespace:
    """Return the words of the command line."""
    parser = argparse.ArgumentParser(prog="cove.gateway.behind", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", default="", help="the unix socket to listen on")
    where.add_argument("--port", type=int, default=0, help=f"the loopback port; needs {SECRET_VARIABLE}")
    parser.add_argument("--root", default=os.getcwd(), help="the folder that the front's file browser shows")
    return parser.parse_args(words)


async def serve(
    machine: Machine, place: Place, read_views: ReadViews, words: argparse.Namespace, secret: str
) -> None:
    """Serve until told to stop, or until the parent is gone. Raises OSError when the place is taken."""
    keys = Keys(read_secret(f"{state_folder(machine)}/secret"))
    directory = Directory(machine, keys, place, read_views)
    door = PrefixDoor(directory, keys, Starts(machine), root=words.root, secret=secret)
    handler = make_web_server(door)
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    if words.socket:
        servers = [await loop.create_unix_server(handler, sock=open_unix(words.socket))]
    else:
        servers = [await loop.create_server(handler, sock=link) for link in open_loopback(words.port)]
    parent = os.getppid()
    while not stopping.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), ORPHAN_SECONDS)
    for server in servers:
        server.close()
    await handler.shutdown(ORPHAN_SECONDS)
    directory.close()


def main() -> int:
    """Run until stopped; return the exit code."""
    from cove.gateway.__main__ import run_loop
    from cove.gateway.wiring import Losses, make_place, read_views
    from cove.host.machine import read_machine
    from cove.workspace.ports import Lookout

    words = parse_words(sys.argv[1:])
    secret = os.environ.pop(SECRET_VARIABLE, "")  # not for what is started from here
    if not words.socket and not secret:
        print(f"a port can be reached by every user of this machine: set {SECRET_VARIABLE}", file=sys.stderr)
        return 2
    machine = read_machine()
    losses, lookout = Losses(), Lookout()
    try:
        run_loop(
            serve(machine, make_place(machine), lambda: read_views(machine, losses, lookout), words, secret)
        )
    except CoveError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
