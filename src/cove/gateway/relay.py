"""One request passed on, and its answer passed back: streamed both ways, upgrades joined."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from aiohttp import web

from cove.gateway.headers import filter_response, render_request
from cove.gateway.splice import splice
from cove.gateway.upstream import BadAnswer

if TYPE_CHECKING:
    from cove.gateway.headers import Passage
    from cove.gateway.upstream import Connection, Head, Pool

CLIENT_GONE = 499
"""The status nginx gives in its log to a request whose client did not wait; nobody receives it."""


class Passed(web.StreamResponse):
    """An answer already written: aiohttp only needs to know whether the connection goes on."""

    def __init__(self, status: int, *, keep_alive: bool) -> None:
        super().__init__(status=status)
        self._goes_on = keep_alive

    @property
    def keep_alive(self) -> bool:
        """Whether another request may follow on the connection."""
        return self._goes_on

    async def prepare(self, request: web.BaseRequest) -> None:
        """Do nothing: the head has been sent."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: so has the body."""


async def relay(request: web.BaseRequest, path: str, passage: Passage, pool: Pool) -> web.StreamResponse:
    """Pass a request on to what the pool reaches, under `path`, and its answer back.

    Raises PlaceError while nothing has been answered yet; after that, the connection just breaks off.
    """
    exchange = _Exchange(request, passage, pool)
    try:
        await exchange.ask(path)
        head = await exchange.answered()
        if head.status == 101:
            return await exchange.join(head)
        return await exchange.pass_back(head)
    except ConnectionError:  # the one who asked has gone
        exchange.close()
        return Passed(CLIENT_GONE, keep_alive=False)
    except BaseException:
        exchange.close()
        raise
    finally:
        exchange.end_upload()


class _Exchange:
    """The two sides of one request."""

    def __init__(self, request: web.BaseRequest, passage: Passage, pool: Pool) -> None:
        self.request = request
        self.passage = passage
        self.pool = pool
        self.connection = cast("Connection", None)
        self._head = b""
        self._upload: asyncio.Task[None] | None = None

    async def ask(self, path: str) -> None:
        """Send the request; its body follows while the answer may already come."""
        request = self.request
        has_body = request.body_exists and not self.passage.upgrade
        framing = b""
        if has_body:
            length = request.content_length
            framing = (
                b"Transfer-Encoding: chunked\r\n" if length is None else b"Content-Length: %d\r\n" % length
            )
        elif request.method in {"POST", "PUT", "PATCH"}:
            framing = b"Content-Length: 0\r\n"
        self._head = render_request(request.method, path, request.raw_headers, self.passage, framing)
        self.connection = await self.pool.take(fresh=self.passage.upgrade)
        await self._send()
        if has_body:
            if request.headers.get("Expect", "").lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._upload = asyncio.ensure_future(self._send_body(chunked=request.content_length is None))

    async def _send(self) -> None:
        try:
            await self.connection.write(self._head)
        except BadAnswer:
            if not self.connection.used:
                raise
            self.connection = await self.pool.take(fresh=True)
            await self.connection.write(self._head)

    async def _send_body(self, *, chunked: bool) -> None:
        async for data in self.request.content.iter_any():
            await self.connection.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        if chunked:
            await self.connection.write(b"0\r\n\r\n")

    async def answered(self) -> Head:
        """Return the head of the answer.

        A kept connection may have been closed while the request was on its way; one without a body is sent again.
        """
        try:
            return await self.connection.read_head(self.request.method)
        except BadAnswer:
            if not self.connection.used or not self.connection.closed or self._upload is not None:
                raise
        self.connection.close()
        self.connection = await self.pool.take(fresh=True)
        await self.connection.write(self._head)
        return await self.connection.read_head(self.request.method)

    async def pass_back(self, head: Head) -> web.StreamResponse:
        """Write the answer's head and body to the one who asked."""
        request, connection = self.request, self.connection
        new = request.version >= (1, 1)
        chunked = head.length is None and new
        keep_alive = request.keep_alive and (head.length is not None or chunked)
        whole = connection.take_whole()
        lines = self._render_head(head, chunked=chunked, keep_alive=keep_alive)
        if whole is not None:
            await request.writer.write(lines + whole)
        else:
            await request.writer.write(lines)
            await self._pass_body(chunked=chunked)
        if head.keep_alive and (self._upload is None or self._upload.done()):
            self.pool.give_back(connection)
        else:
            connection.close()
        return Passed(head.status, keep_alive=keep_alive)

    def _render_head(self, head: Head, *, chunked: bool, keep_alive: bool) -> bytes:
        lines = [
            b"HTTP/1.1 %d %b\r\n" % (head.status, head.reason),
            *filter_response(head.headers, self.passage),
        ]
        if chunked:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        elif self.request.method == "HEAD" or head.status == 304:
            lines += [
                b"Content-Length: %b\r\n" % value
                for name, value in head.headers
                if name.lower() == b"content-length"
            ]
        elif head.length is not None and head.status != 204:
            lines.append(b"Content-Length: %d\r\n" % head.length)
        lines.append(b"Connection: keep-alive\r\n\r\n" if keep_alive else b"Connection: close\r\n\r\n")
        return b"".join(lines)

    async def _pass_body(self, *, chunked: bool) -> None:
        writer, connection = self.request.writer, self.connection
        try:
            while data := await connection.read_body():
                await writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            if chunked:
                await writer.write(b"0\r\n\r\n")
        except BadAnswer as error:
            # Half an answer is out: only a connection that breaks off can say that the rest is missing.
            if self.request.transport is not None:
                self.request.transport.abort()
            raise ConnectionResetError from error

    async def join(self, head: Head) -> web.StreamResponse:
        """Join both connections after an upgrade, until one ends."""
        request, connection = self.request, self.connection
        lines = [b"HTTP/1.1 101 Switching Protocols\r\n", *filter_response(head.headers, self.passage)]
        lines.append(b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        near = request.transport
        if near is None:
            raise ConnectionResetError
        await request.writer.write(b"".join(lines))
        protocol = request.protocol
        try:
            await splice(near, connection.transport, connection.take_rest())
        finally:
            # The transport now speaks to the splice: nobody else tells aiohttp's side that it has gone.
            protocol.connection_lost(None)
        return Passed(101, keep_alive=False)

    def close(self) -> None:
        """Close what may be half used."""
        if self.connection is not None:
            self.connection.close()

    def end_upload(self) -> None:
        """Stop an upload that nobody reads any more; why one failed, the answer has told."""
        if self._upload is not None:
            self._upload.cancel()
            self._upload.add_done_callback(lambda upload: upload.cancelled() or upload.exception())
