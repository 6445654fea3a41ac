from __future__ import annotations

import asyncio
import socket

import pytest

from cove.gateway.splice import splice


async def connected() -> tuple[asyncio.Transport, socket.socket]:
    """Return a transport, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_unix_connection(asyncio.Protocol, sock=ours)
    return transport, theirs


def test_bytes_go_both_ways_and_the_first_ones_first() -> None:
    async def act() -> None:
        loop = asyncio.get_running_loop()
        (near, browser), (far, editor) = await connected(), await connected()
        joined = asyncio.ensure_future(splice(near, far, b"first "))
        await loop.sock_sendall(editor, b"second")
        got = b""
        while len(got) < 12:
            got += await loop.sock_recv(browser, 100)
        assert got == b"first second"
        await loop.sock_sendall(browser, b"back")
        assert await loop.sock_recv(editor, 100) == b"back"
        browser.close()
        editor.close()
        await asyncio.wait_for(joined, 5)

    asyncio.run(act())


@pytest.mark.parametrize("who", ["browser", "editor"])
@pytest.mark.parametrize("how", ["close", "half close"])
def test_when_one_side_ends_the_other_does_after_the_last_byte(who: str, how: str) -> None:
    async def act() -> None:
        loop = asyncio.get_running_loop()
        (near, browser), (far, editor) = await connected(), await connected()
        joined = asyncio.ensure_future(splice(near, far, b""))
        leaving, staying = (browser, editor) if who == "browser" else (editor, browser)
        await loop.sock_sendall(leaving, b"x" * 100_000)
        if how == "close":
            leaving.close()
        else:
            leaving.shutdown(socket.SHUT_WR)
        got = 0
        while data := await asyncio.wait_for(loop.sock_recv(staying, 65536), 5):
            got += len(data)
        assert got == 100_000
        await asyncio.wait_for(joined, 5)
        browser.close()
        editor.close()

    asyncio.run(act())


def test_a_side_that_does_not_read_stops_the_other_from_being_read() -> None:
    async def act() -> None:
        loop = asyncio.get_running_loop()
        (near, browser), (far, editor) = await connected(), await connected()
        joined = asyncio.ensure_future(splice(near, far, b""))
        sent = 0
        for _ in range(2000):
            try:
                sent += editor.send(b"x" * 65536)
            except BlockingIOError:
                await asyncio.sleep(0.0005)
        assert sent < 4 << 20
        got = 0
        while got < sent:
            got += len(await asyncio.wait_for(loop.sock_recv(browser, 1 << 20), 5))
        browser.close()
        editor.close()
        await asyncio.wait_for(joined, 5)

    asyncio.run(act())
