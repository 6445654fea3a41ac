"""The end of a command by a signal: `timeout`, a closed terminal or a scheduler takes back what Ctrl-C would."""

from __future__ import annotations

import signal


class Ended(KeyboardInterrupt):
    """Somebody asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def take_endings() -> None:
    """Let SIGTERM and SIGHUP be raised as Ended, once; one that is ignored (`nohup`) stays ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one must not stop the clearing away
    raise Ended(number)


def end_code(error: KeyboardInterrupt) -> int:
    """Return the exit code of a command that was ended: 128 and the signal's number."""
    return 128 + (error.number if isinstance(error, Ended) else signal.SIGINT)
