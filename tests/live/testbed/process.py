"""Daemons of a test session: started with it, ended with it, also when it is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

STOP_SECONDS = 40


@contextlib.contextmanager
def running(
    argv: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    env: Mapping[str, str] | None = None,
    patience: float = 60,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon until the block ends. The kernel ends it (TERM) when this process dies without a word."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,
        )
    try:
        wait_until(ready, process, log, patience)
        yield process
    finally:
        end(process)


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, patience: float
) -> None:
    """Wait for a daemon to answer; fail with its own words when it ends or stays silent."""
    limit = time.monotonic() + patience
    while not ready():
        if process.poll() is not None or time.monotonic() > limit:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(f"{' '.join(map(str, process.args))} did not get ready:\n{tail}")  # type: ignore[arg-type]
        time.sleep(0.1)


def end(process: subprocess.Popen[bytes]) -> None:
    """TERM, patience, and KILL for the whole session of processes it leads."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_marked(marker: str) -> None:
    """End the processes whose environment holds this exact `NAME=value`: what a test started and left behind."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(30):
            pids = marked(marker)
            if not pids:
                return
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, ending)
            time.sleep(0.1)


def marked(marker: str) -> list[int]:
    """Return the processes, other than this one, that carry `NAME=value` in the environment they started with."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
            if marker.encode() in file.read().split(b"\0"):
                found.append(int(name))
    return found
