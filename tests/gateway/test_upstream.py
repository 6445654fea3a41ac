from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cove.errors import PlaceError
from cove.gateway.upstream import BadAnswer, Connection, Pool, parse_head

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


def test_a_head() -> None:
    head = parse_head(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\nX-A: c", method="GET")
    assert (head.status, head.reason, head.length, head.chunked, head.keep_alive) == (
        200,
        b"OK",
        5,
        False,
        True,
    )
    assert head.headers == [(b"Content-Length", b"5"), (b"X-A", b"b"), (b"X-A", b"c")]


@pytest.mark.parametrize(
    ("text", "method", "length", "chunked", "keep"),
    [
        (b"HTTP/1.1 200 OK", "GET", None, False, False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1", "GET", 1, False, False),
        (b"HTTP/1.1 200\r\nConnection: Close\r\nContent-Length: 1", "GET", 1, False, False),
        (b"HTTP/1.1 204 No Content", "GET", 0, False, True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9", "GET", 0, False, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9", "HEAD", 0, False, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked", "GET", None, True, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3", "GET", None, True, True),
        (b"HTTP/1.1 101 Switching\r\nConnection: Upgrade", "GET", 0, False, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3", "GET", 3, False, True),
    ],
)
def test_framing(text: bytes, method: str, length: int | None, *, chunked: bool, keep: bool) -> None:
    head = parse_head(text, method=method)
    assert (head.length, head.chunked, head.keep_alive) == (length, chunked, keep)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"SSH-2.0-OpenSSH",
        b"HTTP/2 200 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 200 OK\nX: y",
        b"HTTP/1.1 200 OK\r\nno colon",
        b"HTTP/1.1 200 OK\r\n: empty",
        b"HTTP/1.1 200 OK\r\nX : y",
        b"HTTP/1.1 200 OK\r\nX: y\r\n folded",
        b"HTTP/1.1 200 OK\r\nX: y\nSet-Cookie: z",
        b"HTTP/1.1 200 OK\r\nX: y\rSet-Cookie: z",
        b"HTTP/1.1 200 OK\r\nX: \x00",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_head(text, method="GET")


def converse(answer: bytes, act: Callable[[Connection], Awaitable[None]], *, step: int = 1 << 20) -> None:
    """Let a connection read an answer that comes in pieces, and then the end."""

    async def run() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(Connection, sock=ours)

        async def send() -> None:
            for at in range(0, len(answer), step):
                await loop.sock_sendall(theirs, answer[at : at + step])
                await asyncio.sleep(0)
            theirs.close()

        sending = asyncio.ensure_future(send())
        try:
            await asyncio.wait_for(act(connection), 10)
        finally:
            connection.close()
            sending.cancel()
            theirs.close()
            await asyncio.sleep(0)

    asyncio.run(run())


async def read_all(connection: Connection) -> bytes:
    pieces = []
    while piece := await connection.read_body():
        pieces.append(piece)
    return b"".join(pieces)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=5), st.integers(1, 50))
def test_chunks_however_they_are_cut(chunks: list[bytes], step: int) -> None:
    body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\nX-Trailer: 1\r\n\r\n"

    async def act(connection: Connection) -> None:
        assert (await connection.read_head("GET")).chunked
        assert await read_all(connection) == b"".join(chunks)
        assert await connection.read_body() == b""

    converse(answer, act, step=step)


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\nabc",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"-1\r\n",
        b"0x3\r\nabc\r\n",
        b"3\nabc\n",
        b"3\r\nab",
        b"3\r\nabc\r\n",
        b"0\r\n",
    ],
)
def test_bad_chunks_are_refused(body: bytes) -> None:
    async def act(connection: Connection) -> None:
        await connection.read_head("GET")
        with pytest.raises(BadAnswer):
            await read_all(connection)

    converse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body, act)


def test_interim_answers_are_skipped() -> None:
    async def act(connection: Connection) -> None:
        assert (await connection.read_head("POST")).status == 201
        assert connection.take_whole() == b"ok"
        assert connection.clean

    converse(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", act)


def test_a_body_to_the_end_and_one_that_breaks_off() -> None:
    async def until_end(connection: Connection) -> None:
        await connection.read_head("GET")
        assert await read_all(connection) == b"all of it"
        assert not connection.clean

    converse(b"HTTP/1.1 200 OK\r\n\r\nall of it", until_end, step=7)

    async def broken(connection: Connection) -> None:
        await connection.read_head("GET")
        with pytest.raises(BadAnswer, match="broke off"):
            await read_all(connection)

    converse(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", broken)


def test_an_answer_with_more_behind_it_is_not_kept() -> None:
    async def act(connection: Connection) -> None:
        await connection.read_head("GET")
        while connection._size < 8:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
        with pytest.raises(BadAnswer, match="longer"):
            await read_all(connection)

    converse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1", act)


def test_nothing_is_read_ahead_without_bound() -> None:
    async def act(connection: Connection) -> None:
        await connection.read_head("GET")
        for _ in range(200):
            await asyncio.sleep(0.001)
        assert connection._paused
        assert connection._size < 3 << 20
        assert len(await read_all(connection)) == 20 << 20

    converse(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (20 << 20) + bytes(20 << 20), act)


def test_a_pool_keeps_clean_connections_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[socket.socket] = []

    def dial() -> socket.socket:
        ours, theirs = socket.socketpair()
        others.append(theirs)
        return ours

    async def act() -> None:
        pool = Pool(dial)
        first = await pool.take()
        pool.give_back(first)
        assert await pool.take() is first
        second = await pool.take(fresh=True)
        assert second is not first
        pool.give_back(first)
        others[0].close()
        while not first.closed:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
        pool.give_back(second)
        assert await pool.take() is second
        pool.give_back(second)
        monkeypatch.setattr("cove.gateway.upstream.IDLE_SECONDS", 0.0)
        third = await pool.take()
        assert third is not second
        third.close()
        pool.close()
        await asyncio.sleep(0.01)

    asyncio.run(act())
    for other in others:
        other.close()


def test_a_target_that_speaks_tls(tmp_path: Path) -> None:
    names = ("-subj", "/CN=inside", "-keyout", f"{tmp_path}/key", "-out", f"{tmp_path}/cert")
    subprocess.run(
        ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names), check=True, capture_output=True
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{tmp_path}/cert", f"{tmp_path}/key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async def answer_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        address = server.sockets[0].getsockname()
        pool = Pool(lambda: socket.create_connection(address), tls=True)
        connection = await pool.take()
        await connection.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await connection.read_head("GET")).status == 200
        assert await connection.read_body() == b"hi"
        connection.close()
        plain = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
        address = plain.sockets[0].getsockname()
        with pytest.raises(PlaceError, match="does not speak TLS"):
            await pool.take(fresh=True)
        for one in (server, plain):
            one.close()
        await asyncio.sleep(0.2)  # both handlers see the end

    asyncio.run(run())
