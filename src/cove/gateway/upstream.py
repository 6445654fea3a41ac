"""Connections to what is behind: HTTP/1.1 as a client, written for passing on rather than for reading.

A general client spends most of a small request on things a proxy does not need (cookies, redirects, decoding,
objects for each header); this one is several times as quick (bench/gateway.py). What a container sends is not
trusted: lengths and line ends that could be read in two ways are refused rather than passed on.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import TYPE_CHECKING, NamedTuple, cast

from cove.errors import PlaceError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

LARGEST_HEAD = 1 << 17
BUFFERED_BYTES = 1 << 20
"""How far a connection reads ahead of who takes from it."""
IDLE_SECONDS = 3.5
"""Node closes idle connections after 5 s; one that closes while a request is on its way would cost a retry."""
MOST_IDLE = 32
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
HEADER_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00\r\n]*?)[ \t]*")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")


class BadAnswer(PlaceError):  # noqa: N818 - what it is, to whoever asked
    """What is behind answered in a way that cannot be passed on safely, or broke off."""

    http_status = 502


class Head(NamedTuple):
    """The head of an answer."""

    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]
    length: int | None
    """Bytes of body; None when chunked or until the end of the connection."""
    chunked: bool
    keep_alive: bool


def parse_head(data: bytes, *, method: str) -> Head:
    """Return the head of an answer to a request of that method, given without the empty line that ends it.

    Raises BadAnswer.
    """
    first, *lines = data.split(b"\r\n")
    status_line = STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise BadAnswer(f"not an HTTP answer: {first[:60]!r}")
    headers = []
    lengths: set[bytes] = set()
    coding = connection = b""
    for line in lines:
        found = HEADER_LINE.fullmatch(line)
        if found is None:
            raise BadAnswer(f"not a header line: {line[:60]!r}")
        name, value = found.groups()
        headers.append((name, value))
        key = name.lower()
        if key == b"content-length":
            lengths.add(value)
        elif key == b"transfer-encoding":
            coding += value.lower()
        elif key == b"connection":
            connection = value.lower()
    status = int(status_line[2])
    length = _parse_length(lengths)
    if coding and coding != b"chunked":
        raise BadAnswer(f"cannot pass on the transfer coding {coding!r}")
    if method == "HEAD" or status in (204, 304) or status < 200:
        length, coding = 0, b""
    elif coding:
        length = None
    keep_alive = (status_line[1] == b"1" and b"close" not in connection) and (
        length is not None or bool(coding)
    )
    return Head(status, status_line[3] or b"", headers, length, bool(coding), keep_alive)


def _parse_length(lengths: set[bytes]) -> int | None:
    if not lengths:
        return None
    [text, *others] = lengths
    if others or not text.isdigit() or len(text) > 18:
        raise BadAnswer("a content length that can be read in two ways")
    return int(text)


class Connection(asyncio.Protocol):
    """One connection to what is behind, for one request at a time."""

    def __init__(self) -> None:
        self.transport = cast("asyncio.Transport", None)
        self.closed = False
        self.used = 0
        self.idle_since = 0.0
        self.on_lost: Callable[[Connection], None] | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._writing_paused = False
        self._left: int | None = 0
        self._chunked = False

    # What the transport says: asyncio.Protocol.
    # ruff: noqa: D102

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self._size > BUFFERED_BYTES and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self.closed = True
        self._wake()
        return False

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self.closed = True
        self._wake()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self.on_lost is not None:
            self.on_lost(self)

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # What the proxy asks.

    async def write(self, data: bytes) -> None:
        """Send, waiting while too much is on its way. Raises BadAnswer when the other side is gone."""
        if self.transport.is_closing():
            raise BadAnswer("the connection was closed")
        self.transport.write(data)
        if self._writing_paused:
            self._writable = asyncio.get_running_loop().create_future()
            await self._writable

    async def read_head(self, method: str) -> Head:
        """Return the head of the answer, without the interim ones. Raises BadAnswer."""
        while True:
            data = self._take()
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > LARGEST_HEAD:
                    raise BadAnswer("the head of the answer is too long")
                self._give_back(data)
                await self._more()
                continue
            self._give_back(data[end + 4 :])
            head = parse_head(data[:end], method=method)
            if head.status >= 200 or head.status == 101:
                self._left, self._chunked = head.length, head.chunked
                return head

    async def read_body(self) -> bytes:
        """Return more of the body, empty at its end. Raises BadAnswer when it breaks off."""
        if self._chunked:
            return await self._read_chunks()
        if self._left == 0:
            return b""
        while not self._pieces:
            if self.closed:
                if self._left is None:
                    return b""
                raise BadAnswer("the answer broke off")
            await self._wait()
        data = self._take()
        if self._left is not None:
            if len(data) > self._left:
                raise BadAnswer("the answer is longer than it said")
            self._left -= len(data)
        return data

    def take_whole(self) -> bytes | None:
        """Return the whole body if its length is known and it is all here, else None."""
        if self._left is None or self._chunked or self._size != self._left:
            return None
        self._left = 0
        return self._take() if self._size else b""

    def take_rest(self) -> bytes:
        """Return what came after the head of an upgrade."""
        return self._take()

    @property
    def clean(self) -> bool:
        """Whether an answer has been read to its end and nothing follows it."""
        return self._left == 0 and not self._chunked and not self._size and not self.closed

    def close(self) -> None:
        """Close at once."""
        self.closed = True
        if self.transport is not None:
            self.transport.abort()

    # Within.

    async def _read_chunks(self) -> bytes:
        out: list[bytes] = []
        while not out:
            data = self._take()
            at = 0
            while self._chunked and at < len(data):
                used = self._read_chunk(data, at, out)
                if not used:
                    break
                at += used
            self._give_back(data[at:])
            if not self._chunked:
                break
            if not out:
                await self._more()
        return b"".join(out)

    def _read_chunk(self, data: bytes, at: int, out: list[bytes]) -> int:
        """Read one line or one stretch of chunked data; return how many bytes that took, 0 if more are needed.

        `_left` is None before a chunk's length, its remaining bytes within it, -1 before the line end after it,
        -2 among the trailers.
        """
        if self._left is not None and self._left > 0:
            piece = data[at : at + self._left]
            out.append(piece)
            self._left = self._left - len(piece) or -1
            return len(piece)
        end = data.find(b"\r\n", at)
        if end < 0:
            if len(data) - at > LARGEST_HEAD:
                raise BadAnswer("a chunk's line is too long")
            return 0
        line = data[at:end]
        if self._left is None:
            found = CHUNK_LINE.fullmatch(line)
            if found is None:
                raise BadAnswer(f"not a chunk's length: {line[:60]!r}")
            self._left = int(found[1], 16) or -2
        elif self._left == -1:
            if line:
                raise BadAnswer("a chunk is longer than it said")
            self._left = None
        elif not line:
            self._left, self._chunked = 0, False
        return end + 2 - at

    def _take(self) -> bytes:
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            if not self.transport.is_closing():
                self.transport.resume_reading()
        return data

    def _give_back(self, data: bytes) -> None:
        if data:
            self._pieces.insert(0, data)
            self._size += len(data)

    async def _more(self) -> None:
        if self.closed:
            raise BadAnswer("the connection was closed before the answer was complete")
        await self._wait()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Pool:
    """Connections to one target, kept for the next request. `dial` blocks, and runs in a thread.

    With `tls` the target speaks it, with whatever certificate: the way to it is nobody else's.
    """

    def __init__(self, dial: Callable[[], socket.socket], *, tls: bool = False) -> None:
        self._dial = dial
        self._tls = tls
        self._idle: list[Connection] = []

    async def take(self, *, fresh: bool = False) -> Connection:
        """Return a connection, an idle one unless `fresh`. Raises PlaceError."""
        now = asyncio.get_running_loop().time()
        while self._idle and not fresh:
            connection = self._idle.pop()
            connection.on_lost = None
            if not connection.closed and now - connection.idle_since < IDLE_SECONDS:
                connection.used += 1
                return connection
            connection.close()
        return await self._connect()

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer has been read; close any other."""
        if not connection.clean or len(self._idle) >= MOST_IDLE:
            connection.close()
            return
        connection.idle_since = asyncio.get_running_loop().time()
        connection.on_lost = self._forget
        self._idle.append(connection)

    def close(self) -> None:
        """Close the idle connections."""
        for connection in self._idle:
            connection.on_lost = None
            connection.close()
        self._idle.clear()

    def _forget(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        dialling = loop.run_in_executor(None, self._dial)
        try:
            link = await asyncio.shield(dialling)
        except asyncio.CancelledError:
            dialling.add_done_callback(_close_late)  # who asked has gone; the thread cannot be stopped
            raise
        link.setblocking(False)
        context = _any_certificate() if self._tls else None
        name = "localhost" if self._tls else None
        try:
            if link.family == socket.AF_UNIX:
                _, connection = await loop.create_unix_connection(
                    Connection, sock=link, ssl=context, server_hostname=name
                )
            else:
                _, connection = await loop.create_connection(
                    Connection, sock=link, ssl=context, server_hostname=name
                )
        except OSError as error:  # ssl.SSLError is one
            raise PlaceError(f"it does not speak TLS: {error}") from error
        return connection


def _any_certificate() -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _close_late(dialling: asyncio.Future[socket.socket]) -> None:
    if not dialling.cancelled() and dialling.exception() is None:
        dialling.result().close()
