"""The gateway's process: `python -m cove.gateway [PORT]`, started by daemon.py."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from cove.errors import CoveError
from cove.gateway.server import Gateway
from cove.gateway.wiring import Losses, make_place, read_views
from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.workspace.errands import Errands
from cove.workspace.gpu_use import watch_use
from cove.workspace.ports import Lookout

if TYPE_CHECKING:
    from collections.abc import Coroutine


def main() -> int:
    """Run until stopped; return the exit code."""
    machine = read_machine()
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0

    async def run() -> None:
        losses, lookout = Losses(), Lookout()
        threading.Thread(target=watch_use, args=(machine,), name="gpu-use", daemon=True).start()
        errands = Errands(machine, HostRunner())
        threading.Thread(target=errands.serve, name="errands", daemon=True).start()
        await Gateway(machine, make_place(machine), lambda: read_views(machine, losses, lookout)).run(port)

    try:
        run_loop(run())
    except CoveError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code
    return 0


def run_loop(work: Coroutine[object, object, None]) -> None:
    """Run to the end, on uvloop where there is one: it moves twice the bytes."""
    try:
        import uvloop
    except ImportError:
        import asyncio

        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    sys.exit(main())
