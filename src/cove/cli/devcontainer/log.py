"""Progress in the words in which the reference logs it: JSON events or dated lines.

Source: the reference implementation's `spec-utils/log.ts`, and its `progress` events of lifecycle commands.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
import time
from typing import TYPE_CHECKING

from cove.spec.lifecycle import HOOKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.workspace.progress import Listener

LEVELS = {"trace": 1, "debug": 2, "info": 3, "warning": 4, "error": 5}
CHANNEL = "postCreate"
"""Of whatever lifecycle commands say."""


class ReferenceLog:
    """Hears progress and writes it as the reference would."""

    def __init__(
        self,
        write: Callable[[str], object],
        *,
        events: bool,
        level: str = "info",
        now: Callable[[], float] = time.time,
    ) -> None:
        """`events`: as JSON, which holds all levels; else lines, of this level and those above."""
        self._write = write
        self._events = events
        self._level = LEVELS.get(level, 3)
        self._now = now
        self._began: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self, step: str, title: str) -> None:
        """See Listener."""
        self._began[step] = self._tell("start", 3, title, step)
        self._progress(step, "running")

    def line(self, step: str, text: str) -> None:
        """See Listener."""
        if step in HOOKS and self._events:
            self._tell("raw", 3, f"{text}\r\n", step)
        else:
            self._tell("text", 3, text, step)

    def end(self, step: str, title: str, seconds: float, *, failed: bool) -> None:  # noqa: ARG002 - as Listener's
        """See Listener."""
        began = self._began.pop(step, self._milliseconds())
        self._tell("stop", 3, title, step, began)
        self._progress(step, "failed" if failed else "succeeded")

    def note(self, text: str) -> None:
        """See Listener."""
        self._tell("text", 3, text)

    def warn(self, text: str) -> None:
        """See Listener."""
        self._tell("text", 4, text)

    def _tell(self, kind: str, level: int, text: str, step: str = "", began: int = 0) -> int:
        now = self._milliseconds()
        if self._events:
            event: dict[str, object] = {"type": kind, "level": level, "timestamp": now, "text": text}
            event |= {"startTimestamp": began} if kind == "stop" else {}
            self._put(event | ({"channel": CHANNEL} if step in HOOKS else {}))
        elif level >= self._level and (kind != "stop" or self._level <= LEVELS["debug"]):
            words = {"start": "Start: ", "stop": f"Stop ({now - began} ms): "}.get(kind, "")
            with self._lock:
                self._write(f"[{_date(now)}] {words}{text}\n")
        return now

    def _progress(self, step: str, status: str) -> None:
        if self._events and step in HOOKS:
            name = f"Running {step}..."
            self._put({"type": "progress", "name": name, "status": status, "channel": CHANNEL})

    def _put(self, event: dict[str, object]) -> None:
        with self._lock:
            self._write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")

    def _milliseconds(self) -> int:
        return int(self._now() * 1000)


def _date(milliseconds: int) -> str:
    """Return a time as the reference writes it.

    >>> _date(1000)
    '1970-01-01T00:00:01.000Z'
    """
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


def choose_log(log_format: str, level: str) -> Listener | None:
    """Return who writes the log; None where a person looks on, for whom cove's own way is made."""
    events = log_format == "json"
    if not events and sys.stderr.isatty():
        return None
    return ReferenceLog(sys.stderr.write, events=events, level=level)
