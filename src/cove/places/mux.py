"""Many connections over one process: the way into a container that shares no files or network with the host.

The process is the engine's `exec` of ide/inside/mux.js. One thread moves all the bytes, since a thread a
connection would cost more than it moves; callers get one end of a socket pair and never see it.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
import threading
import time
from collections import deque
from typing import IO, TYPE_CHECKING, cast

from cove.errors import PlaceError
from cove.host.proc import CommandMissing, open_pipe, stop
from cove.places.frames import FRAME_BYTES, GREETING, NUMBER, WINDOW_BYTES, Kind, parse_frames, render_frame

if TYPE_CHECKING:
    from cove.host.proc import Command
    from cove.places.frames import Frame

BACKLOG_BYTES = 4 << 20
"""How much may wait for the process's stdin before the streams are no longer read."""
START_PATIENCE_SECONDS = 15.0
END_PATIENCE_SECONDS = 1.0
PING_SECONDS = 20.0
IDLE_SECONDS = 300.0
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Mux:
    """A process that carries streams; thread-safe. Once not `alive`, its owner makes another."""

    def __init__(self, command: Command) -> None:
        """Start the process. Raises PlaceError when it does not start or does not greet."""
        self.alive = True
        self._pipe = _Pipe(command)
        self._streams: dict[int, _Stream] = {}
        self._asked: deque[_Stream] = deque()
        self._last_number = 0
        self._lock = threading.Lock()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._pipe.selector.register(self._wake_out, READ)
        threading.Thread(target=self._run, name="cove-mux", daemon=True).start()

    def open(self, target: str, timeout: float) -> socket.socket:
        """Return a socket connected to `unix:/path` or `tcp:PORT` inside. Raises PlaceError."""
        with self._lock:
            if not self.alive:
                raise PlaceError("the stream into the container has ended")
            self._last_number += 1
            stream = _Stream(self._last_number, target)
            self._asked.append(stream)
        self._wake()
        answered = stream.settled.wait(timeout)
        if not answered or stream.refusal:
            stream.theirs.close()  # the mux sees it, and drops the stream
            reason = stream.refusal if answered else f"no answer within {timeout:g} s"
            raise PlaceError(f"cannot reach {target} in the container: {reason}")
        return stream.theirs

    def close(self) -> None:
        """End the process and all streams."""
        self.alive = False
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake anyhow; closed: nobody is left to wake
            self._wake_in.send(b"\0")

    def _run(self) -> None:
        pinged = used = time.monotonic()
        try:
            while self.alive:
                self._step()
                now = time.monotonic()
                if self._streams:
                    used = now
                elif now - used >= IDLE_SECONDS and not self._asked:
                    break
                if now - pinged >= PING_SECONDS:
                    pinged = now
                    self._pipe.send(Kind.PING, 0)
                    self._drop_abandoned()
        except (OSError, ValueError):
            pass  # the process or its container ended: every stream is closed below
        finally:
            self._end()

    def _step(self) -> None:
        for key, events in self._pipe.selector.select(PING_SECONDS):
            if key.fileobj is self._wake_out:
                self._wake_out.recv(4096)
            elif key.fileobj == self._pipe.output:
                for frame in self._pipe.receive():
                    self._handle(frame)
            elif key.fileobj == self._pipe.input:
                self._pipe.flush()
            elif key.data.number in self._streams:
                self._serve(key.data, events)
        while self._asked:
            stream = self._asked.popleft()
            self._streams[stream.number] = stream
            self._pipe.send(Kind.OPEN, stream.number, stream.target.encode())
        room = self._pipe.backlog < BACKLOG_BYTES
        for stream in self._streams.values():
            stream.watch(self._pipe.selector, room=room)

    def _serve(self, stream: _Stream, events: int) -> None:
        if events & WRITE:
            self._deliver(stream)
        if events & READ and stream.number in self._streams and stream.wants_reading:
            self._take(stream)

    def _handle(self, frame: Frame) -> None:
        if (stream := self._streams.get(frame.stream)) is None:
            return  # closed here meanwhile
        match frame.kind:
            case Kind.OPENED:
                stream.settled.set()
            case Kind.CREDIT:
                stream.credit += NUMBER.unpack(frame.payload)[0]
            case Kind.DATA:
                stream.waiting.append(memoryview(frame.payload))
                self._deliver(stream)
            case Kind.END:
                stream.ended_there = True
                self._deliver(stream)
            case Kind.CLOSE:
                if not stream.settled.is_set():
                    stream.refusal = frame.payload.decode("utf-8", "replace") or "closed"
                    stream.settled.set()
                stream.gone_there = True
                self._deliver(stream)
            case _:
                pass  # a kind of a later version

    def _deliver(self, stream: _Stream) -> None:
        """Hand what came from inside to the caller's end, as far as it takes it, and return the credit."""
        try:
            stream.write()
        except OSError:
            self._drop(stream)
            return
        if stream.delivered >= WINDOW_BYTES // 4 and not stream.gone_there:
            self._pipe.send(Kind.CREDIT, stream.number, NUMBER.pack(stream.delivered))
            stream.delivered = 0
        if stream.waiting:
            return
        if stream.gone_there or (stream.ended_there and stream.ended_here):
            self._drop(stream)
        elif stream.ended_there:
            with contextlib.suppress(OSError):
                stream.ours.shutdown(socket.SHUT_WR)

    def _take(self, stream: _Stream) -> None:
        """Read from the caller's end and send it inside."""
        try:
            data = stream.ours.recv(min(FRAME_BYTES, stream.credit))
        except BlockingIOError:
            return
        except OSError:
            self._drop(stream)
            return
        if data:
            stream.credit -= len(data)
            self._pipe.send(Kind.DATA, stream.number, data)
            return
        stream.ended_here = True
        if stream.abandoned or (stream.ended_there and not stream.waiting):
            self._drop(stream)
        else:
            self._pipe.send(Kind.END, stream.number)

    def _drop_abandoned(self) -> None:
        # A caller that first half closed and then closed is no longer read, so nothing else would tell.
        for stream in [stream for stream in self._streams.values() if stream.ended_here and stream.abandoned]:
            self._drop(stream)

    def _drop(self, stream: _Stream) -> None:
        del self._streams[stream.number]
        stream.close(self._pipe.selector)
        if not stream.gone_there:
            self._pipe.send(Kind.CLOSE, stream.number)

    def _end(self) -> None:
        with self._lock:
            self.alive = False
        for stream in (*self._streams.values(), *self._asked):
            if not stream.settled.is_set():
                stream.refusal = "the stream into the container has ended"
                stream.settled.set()
            stream.close(self._pipe.selector)
        self._streams.clear()
        self._pipe.close()
        self._wake_in.close()
        self._wake_out.close()


class _Pipe:
    """The process, and the frames on their way to and from it; `selector` watches it for the mux."""

    def __init__(self, command: Command) -> None:
        try:
            self._process = open_pipe(command)
        except CommandMissing as error:
            raise PlaceError(error.message, hint=error.hint) from error
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self.input = self._stdin.fileno()
        self.output = self._stdout.fileno()
        os.set_blocking(self.input, False)
        self.backlog = 0
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.output, READ)
        _widen(self.input, self.output)
        self._read = bytearray()
        self._outgoing: deque[memoryview] = deque()
        self._watched = False
        try:
            self._await_greeting(command)
        except BaseException:
            self.close()
            raise

    def _await_greeting(self, command: Command) -> None:
        end = time.monotonic() + START_PATIENCE_SECONDS
        while len(self._read) < len(GREETING) and self.selector.select(max(0.0, end - time.monotonic())):
            data = os.read(self.output, FRAME_BYTES)
            if not data:
                break
            self._read += data
        if not self._read.startswith(GREETING):
            raise PlaceError(
                f"no stream into the container: `{command}` did not answer",
                hint="Is the container running, and does the editor's bundle fit its C library?",
                detail=bytes(self._read[:200]).decode("utf-8", "replace"),
            )
        del self._read[: len(GREETING)]

    def receive(self) -> list[Frame]:
        """Return the frames that have come. Raises OSError at the end, ValueError at nonsense."""
        data = os.read(self.output, FRAME_BYTES)
        if not data:
            raise ConnectionResetError
        self._read += data
        return parse_frames(self._read)

    def send(self, kind: Kind, stream: int, payload: bytes = b"") -> None:
        """Send a frame now, or as soon as there is room."""
        frame = render_frame(kind, stream, payload)
        self._outgoing.append(memoryview(frame))
        self.backlog += len(frame)
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as the process takes it."""
        try:
            while self._outgoing:
                frame = self._outgoing[0]
                sent = os.write(self.input, frame)
                self.backlog -= sent
                if sent == len(frame):
                    self._outgoing.popleft()
                else:
                    self._outgoing[0] = frame[sent:]
        except BlockingIOError:
            pass
        if self._watched and not self._outgoing:
            self.selector.unregister(self.input)
        elif self._outgoing and not self._watched:
            self.selector.register(self.input, WRITE)
        self._watched = bool(self._outgoing)

    def close(self) -> None:
        """End the process: it goes by itself when its stdin ends, else it is made to."""
        self.selector.close()
        with contextlib.suppress(OSError):
            self._stdin.close()
        stop(self._process, patience=END_PATIENCE_SECONDS)
        self._stdout.close()


def _widen(*pipes: int) -> None:
    """Let pipes hold a frame each: fewer turns for the same bytes. A limit of the system's is no matter."""
    import fcntl

    for pipe in pipes:
        with contextlib.suppress(OSError, AttributeError):  # Linux only
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, FRAME_BYTES)


class _Stream:
    """One connection: the mux moves bytes through `ours`, the caller holds `theirs`."""

    def __init__(self, number: int, target: str) -> None:
        self.number = number
        self.target = target
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.settled = threading.Event()
        self.refusal = ""
        self.credit = WINDOW_BYTES
        self.waiting: deque[memoryview] = deque()
        """Views, since what a full socket leaves over is cut off again and again."""
        self.delivered = 0
        self.ended_here = self.ended_there = self.gone_there = False
        self._interest = 0

    @property
    def wants_reading(self) -> bool:
        return not self.ended_here and self.credit > 0 and self.settled.is_set()

    @property
    def abandoned(self) -> bool:
        """Whether the caller closed its end, rather than only saying that it sends no more."""
        poll = select.poll()
        poll.register(self.ours, 0)
        return bool(poll.poll(0))

    def write(self) -> None:
        while self.waiting:
            data = self.waiting[0]
            try:
                sent = self.ours.send(data)
            except BlockingIOError:
                return
            self.delivered += sent
            if sent == len(data):
                self.waiting.popleft()
            else:
                self.waiting[0] = data[sent:]

    def watch(self, selector: selectors.BaseSelector, *, room: bool) -> None:
        """Ask to be told of what can be done now, and of nothing else: a ready event unused would spin."""
        interest = (READ if room and self.wants_reading else 0) | (WRITE if self.waiting else 0)
        if interest == self._interest:
            return
        if self._interest:
            selector.unregister(self.ours)
        if interest:
            selector.register(self.ours, interest, self)
        self._interest = interest

    def close(self, selector: selectors.BaseSelector) -> None:
        if self._interest:
            selector.unregister(self.ours)
            self._interest = 0
        self.ours.close()
