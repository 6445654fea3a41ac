"""Progress for a person: live on a terminal, plain lines in a pipe, JSON events for programs. All on stderr."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

from cove.cli.style import Style
from cove.workspace.progress import EventLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from cove.workspace.progress import Listener


class PlainProgress:
    """One line when a step begins, its output indented, one when it ends: for pipes and logs."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.style = Style(stream)
        self._lock = threading.Lock()

    def _write(self, text: str) -> None:
        with self._lock:
            self.stream.write(text + "\n")
            self.stream.flush()

    def begin(self, step: str, title: str) -> None:
        """See Listener."""
        self._write(f"[{step}] {title}")

    def line(self, step: str, text: str) -> None:
        """See Listener."""
        if text.strip():
            self._write(f"[{step}] │ {text.rstrip()}")

    def end(self, step: str, title: str, seconds: float, *, failed: bool) -> None:
        """See Listener."""
        self._write(f"[{step}] {'failed' if failed else 'done'}: {title} ({seconds:.1f} s)")

    def note(self, text: str) -> None:
        """See Listener."""
        self._write(f"note: {text}")

    def warn(self, text: str) -> None:
        """See Listener."""
        self._write(f"warning: {text}")


class LiveProgress:
    """Steps under way as spinning lines with their latest output, finished ones as ticks above them.

    rich draws; it is imported when the first step has lasted a moment, so quick commands never pay for it.
    """

    PATIENCE_SECONDS = 0.3

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.style = Style(stream)
        self._lock = threading.RLock()
        self._running: dict[str, _Line] = {}
        self._live: object | None = None
        self._timer: threading.Timer | None = None

    def begin(self, step: str, title: str) -> None:
        """See Listener."""
        with self._lock:
            self._running[step] = _Line(title, time.monotonic())
            if self._live is None and self._timer is None:
                self._timer = threading.Timer(self.PATIENCE_SECONDS, self._start)
                self._timer.daemon = True
                self._timer.start()

    def line(self, step: str, text: str) -> None:
        """See Listener."""
        with self._lock:
            if (line := self._running.get(step)) and text.strip():
                line.latest = text.strip()

    def end(self, step: str, title: str, seconds: float, *, failed: bool) -> None:
        """See Listener."""
        with self._lock:
            line = self._running.pop(step, None)
            if failed or seconds >= self.PATIENCE_SECONDS:
                mark = self.style.bad("✗") if failed else self.style.good("✓")
                took = self.style.dim(f"{seconds:.1f} s")
                self._print(f"{mark} {title} {took}")
                if failed and line and line.latest:
                    self._print(f"  {self.style.dim(line.latest)}")
            if not self._running:
                self._stop()

    def note(self, text: str) -> None:
        """See Listener."""
        self._print(f"{self.style.dim('•')} {text}")

    def warn(self, text: str) -> None:
        """See Listener."""
        self._print(f"{self.style.warn('!')} {text}")

    def _print(self, text: str) -> None:
        with self._lock:
            if self._live is not None:
                from rich.text import Text

                self._live.console.print(Text.from_ansi(text))  # type: ignore[attr-defined]  # a rich Live, typed where it is made
            else:
                self.stream.write(text + "\n")
                self.stream.flush()

    def _start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        with self._lock:
            self._timer = None
            if self._running and self._live is None:
                live = Live(
                    get_renderable=self._render,
                    console=Console(file=self.stream, highlight=False),
                    refresh_per_second=8,
                    transient=True,
                )
                live.start()
                self._live = live

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._live is not None:
            self._live.stop()  # type: ignore[attr-defined]  # as above
            self._live = None

    def _render(self) -> RenderableType:
        from rich.console import Group
        from rich.spinner import Spinner
        from rich.text import Text

        def rows() -> Iterable[RenderableType]:
            for line in list(self._running.values()):
                seconds = time.monotonic() - line.began
                head = Text.assemble(line.title, (f"  {seconds:.0f} s", "dim"))
                yield Spinner("dots", text=head, style="cyan")
                if line.latest:
                    yield Text(f"  {line.latest}", style="dim", no_wrap=True, overflow="ellipsis")

        return Group(*rows())


class _Line:
    """A step on the screen."""

    def __init__(self, title: str, began: float) -> None:
        self.title = title
        self.began = began
        self.latest = ""


def choose_listener(*, log_format: str, quiet: bool) -> Listener | None:
    """Return who shows progress: nobody, JSON events, a live display, or plain lines."""
    if log_format == "json":
        return EventLines(sys.stderr.write)
    if quiet:
        return None
    if sys.stderr.isatty() and Style(sys.stderr).colour:
        return LiveProgress(sys.stderr)
    return PlainProgress(sys.stderr)
