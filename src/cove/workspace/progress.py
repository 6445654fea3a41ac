"""What a verb says while it works: steps that begin and end, lines within them, notes and warnings.

The verbs speak to a `Progress`; who listens (a live terminal, plain lines in a pipe, JSON events, the gateway's page
through a file) is the caller's choice.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.machine import Machine


class Listener(Protocol):
    """Hears events, possibly from several threads at once."""

    def begin(self, step: str, title: str) -> None:
        """Hear that a step began; `step` is its short stable name, `title` what a person reads."""
        ...

    def line(self, step: str, text: str) -> None:
        """Hear a line of a step's output."""
        ...

    def end(self, step: str, title: str, seconds: float, *, failed: bool) -> None:
        """Hear that a step ended; `title` may tell more than at its begin."""
        ...

    def note(self, text: str) -> None:
        """Hear something worth knowing."""
        ...

    def warn(self, text: str) -> None:
        """Hear something that did not work but stops nothing."""
        ...


class Step:
    """A step: a `with` block that begins and ends it."""

    def __init__(self, progress: Progress, name: str, title: str) -> None:
        self._progress = progress
        self.name = name
        self.title = title
        """Shown when the step ends; may be changed to say what came out of it."""
        self._began = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._progress.begin(self)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._progress.end(self, time.monotonic() - self._began, failed=error is not None)

    def line(self, text: str) -> None:
        """Pass on a line of output."""
        self._progress.line(self.name, text)


class Progress:
    """Tells every listener, and keeps what a summary needs: `timings` (seconds by step) and `warnings`."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = list(listeners)
        self.timings: dict[str, float] = {}
        self.warnings: list[str] = []
        self.notes: list[str] = []

    def step(self, name: str, title: str) -> Step:
        """Return a block that is a step; a second one of the same name adds to its time."""
        return Step(self, name, title)

    def begin(self, step: Step) -> None:
        """Tell that a step began."""
        for listener in self.listeners:
            listener.begin(step.name, step.title)

    def end(self, step: Step, seconds: float, *, failed: bool) -> None:
        """Tell that a step ended, and add to its time."""
        self.timings[step.name] = round(self.timings.get(step.name, 0.0) + seconds, 3)
        for listener in self.listeners:
            listener.end(step.name, step.title, seconds, failed=failed)

    def line(self, step: str, text: str) -> None:
        """Pass on a line of a step."""
        for listener in self.listeners:
            listener.line(step, text)

    def note(self, text: str) -> None:
        """Say something worth knowing, once."""
        if text not in self.notes:
            self.notes.append(text)
            for listener in self.listeners:
                listener.note(text)

    def warn(self, text: str) -> None:
        """Say that something did not work but stops nothing, once."""
        if text not in self.warnings:
            self.warnings.append(text)
            for listener in self.listeners:
                listener.warn(text)


class EventLines:
    """Tells events as JSON lines: to stderr for programs, to a file for the gateway's page and `cove logs`.

    Each line: `{"time": seconds since 1970, "event": "begin|line|end|note|warn", "step": …, "text": …}`; an `end` has
    `seconds` and `failed` as well. `write` is called with whole lines, by one thread at a time.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        from threading import Lock

        self._write = write
        self._lock = Lock()

    def _tell(self, event: str, step: str, text: str, **more: object) -> None:
        import json

        line = json.dumps({"time": round(time.time(), 3), "event": event, "step": step, "text": text, **more})
        with self._lock:
            self._write(f"{line}\n")

    def begin(self, step: str, title: str) -> None:
        """See Listener."""
        self._tell("begin", step, title)

    def line(self, step: str, text: str) -> None:
        """See Listener."""
        self._tell("line", step, text)

    def end(self, step: str, title: str, seconds: float, *, failed: bool) -> None:
        """See Listener."""
        self._tell("end", step, title, seconds=round(seconds, 3), failed=failed)

    def note(self, text: str) -> None:
        """See Listener."""
        self._tell("note", "", text)

    def warn(self, text: str) -> None:
        """See Listener."""
        self._tell("warn", "", text)


class ProgressFile(EventLines):
    """Event lines in a file, 0600, begun anew."""

    def __init__(self, path: str) -> None:
        import os

        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_APPEND, 0o600)
        self._file = os.fdopen(handle, "w", buffering=1, encoding="utf-8")
        super().__init__(self._file.write)

    def fail(self, text: str) -> None:
        """Note why the work ended."""
        self._tell("error", "", text)

    def close(self) -> None:
        """Write no more."""
        self._file.close()


def read_work(machine: Machine, workspace_id: str) -> list[str] | None:
    """Return what cove's last work on a workspace said, a line a text; None when there was none."""
    import json

    try:
        with open(progress_path(machine, workspace_id), encoding="utf-8") as file:
            return [_line(json.loads(line)) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return None


def progress_path(machine: Machine, workspace_id: str) -> str:
    """Return where the events of the last work on a workspace are kept."""
    return f"{machine.directories.state}/{workspace_id}/progress.jsonl"


def _line(event: dict[str, object]) -> str:
    match event["event"]:
        case "line":
            return f"[{event['step']}] │ {event['text']}"
        case "end":
            return f"[{event['step']}] {'failed' if event['failed'] else 'done'}: {event['text']} ({event['seconds']} s)"
        case "begin":
            return f"[{event['step']}] {event['text']}"
        case kind:
            return f"{kind}: {event['text']}"
