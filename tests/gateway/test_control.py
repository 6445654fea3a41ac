"""Malformed requests; what good ones do is shown in test_daemon.py."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from cove.gateway.control import Control, parse_listen
from cove.gateway.server import Gateway
from cove.gateway.views import Listen

from .conftest import VIEW, FakePlace

if TYPE_CHECKING:
    from cove.host.machine import Machine

BAD = [
    ("GET", "/nothing", b"", 404),
    ("POST", "/info", b"", 404),
    ("POST", "/token", b"{", 400),
    ("POST", "/token", b'{"workspace": "nothing"}', 404),
    ("POST", "/workspaces", b"{}", 400),
    ("POST", "/workspaces", b'{"view": {"id": "x"}}', 400),
    ("POST", "/workspaces", b'{"view": 3}', 400),
    ("POST", "/forget", b"{}", 400),
    ("POST", "/serve", b'{"id": "x", "listen": {"planet": 3}}', 400),
    ("POST", "/serve", b'{"id": "x", "listen": {"host": "192.168.1.5"}}', 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD)
def test_what_is_not_understood_is_said(
    machine: Machine, method: str, path: str, body: bytes, status: int
) -> None:
    async def act() -> None:
        gateway = Gateway(machine, FakePlace(), lambda: [VIEW])
        server = web.Server(Control(gateway))
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://127.0.0.1:{port}{path}", data=body) as answer,
        ):
            assert answer.status == status
            assert json.loads(await answer.text())["message"]
        listening.close()
        await server.shutdown(0.1)

    asyncio.run(act())


def test_listeners() -> None:
    assert parse_listen({"port": 8080, "allow_hosts": ["hub"]}) == Listen(port=8080, allow_hosts=("hub",))
    for wrong in (None, [], "x", {"planet": 3}):
        with pytest.raises(TypeError):
            parse_listen(wrong)
