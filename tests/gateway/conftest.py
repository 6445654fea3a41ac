"""A gateway on real sockets, with a small server behind it in place of an editor and another as a port inside."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from cove.errors import PlaceError
from cove.gateway.auth import Keys, Tokens, cookie_name
from cove.gateway.directory import Directory
from cove.gateway.door import GatewayDoor, OneDoor
from cove.gateway.server import open_loopback
from cove.gateway.views import WorkspaceView
from cove.host.machine import Directories, Machine, Owner
from cove.places.base import Endpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from cove.gateway.prefix_door import PrefixDoor
    from cove.gateway.views import Listen
    from cove.places.base import Target

ID, OTHER = "0123456789ab", "ba9876543210"
VIEW = WorkspaceView(ID, "digits", "/home/ana/digits", "running", "docker")
OTHER_VIEW = WorkspaceView(OTHER, "other", "/home/ana/other", "stopped", "podman")
ENDPOINT = Endpoint(ID, "socket", "docker", "c1")
PORT_INSIDE = 3000
KEYS = Keys(b"k" * 32)
BROWSER = {
    "User-Agent": "Mozilla/5.0",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    base = str(tmp_path)
    folders = Directories(f"{base}/config", f"{base}/data", f"{base}/cache", f"{base}/state", f"{base}/run")
    return Machine("Linux", "amd64", Owner(1000, 1000), False, base, {}, folders, base)


class FakePlace:
    """Reaches the test's own servers; `down` targets are refused."""

    def __init__(self) -> None:
        self.addresses: dict[int, tuple[str, int]] = {}
        self.down: set[int] = set()
        self.dialled = 0

    def connect(self, endpoint: Endpoint, target: Target) -> socket.socket:
        self.dialled += 1
        if target.port in self.down or target.port not in self.addresses:
            raise PlaceError("nobody listens")
        return socket.create_connection(self.addresses[target.port])


def free_port() -> int:
    links = open_loopback(0)
    port = int(links[0].getsockname()[1])
    for link in links:
        link.close()
    return port


class Scene:
    """A running gateway; `get` and `send` speak to it as a browser or a script would."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.place = FakePlace()
        self.tokens = Tokens()
        self.views: list[WorkspaceView] = [VIEW, OTHER_VIEW]
        self.reads = 0
        self.directory = Directory(machine, KEYS, self.place, self.read_views)
        self.port = 0
        self.seen: list[web.BaseRequest] = []
        self._closing: list[Callable[[], Awaitable[object]]] = []
        self._links: list[socket.socket] = []

    def read_views(self) -> list[WorkspaceView]:
        self.reads += 1
        return self.views

    @property
    def label(self) -> str:
        return KEYS.label("digits", ID)

    async def serve(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], port: int = 0
    ) -> int:
        """Listen with an aiohttp handler on a port of both loopbacks."""
        server = web.Server(handler, access_log=None, handler_cancellation=True, auto_decompress=False)
        links = open_loopback(port)
        listening = [await asyncio.get_running_loop().create_server(server, sock=link) for link in links]

        async def close() -> None:
            for one in listening:
                one.close()
            await server.shutdown(0.1)

        self._closing.append(close)
        return int(links[0].getsockname()[1])

    async def open_gateway(self) -> None:
        self.port = free_port()
        await self.serve(GatewayDoor(self.directory, KEYS, self.tokens, self.port), self.port)

    async def open_one(self, listen: Listen) -> None:
        self.port = free_port()
        door = OneDoor(self.directory, KEYS, self.tokens, self.port, view_id=ID, listen=listen)
        await self.directory.refresh()
        await self.serve(door, self.port)

    async def close(self) -> None:
        self.directory.close()
        for closing in reversed(self._closing):
            await closing()

    def host(self, kind: str) -> str:
        names = {
            "main": "localhost",
            "editor": f"{self.label}.localhost",
            "port": f"{PORT_INSIDE}.{self.label}.localhost",
        }
        return f"{names.get(kind, kind)}:{self.port}"

    def cookie(self, kind: str) -> str:
        scope = {"main": "main", "editor": f"w/{ID}", "port": f"p/{ID}/{PORT_INSIDE}", "one": f"one/{ID}"}[
            kind
        ]
        import time

        return f"{cookie_name(str(self.port), scope)}={KEYS.session(f'{scope}@{self.port}', time.time())}"

    async def get(
        self,
        kind: str,
        path: str = "/",
        *,
        signed_in: bool = True,
        method: str = "GET",
        data: object = None,
        **headers: str,
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("Host", self.host(kind))
        if signed_in and "Cookie" not in sent:
            sent["Cookie"] = self.cookie(kind if kind in {"main", "editor", "port", "one"} else "main")
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False) as session,
            session.request(
                method,
                aiohttp.client.URL(f"http://127.0.0.1:{self.port}{path}", encoded=True),
                headers=sent,
                data=data,
                allow_redirects=False,
            ) as response,
        ):
            return Answer(response.status, response.headers, await response.read())


class Answer:
    def __init__(self, status: int, headers: object, body: bytes) -> None:
        self.status = status
        self.headers: aiohttp.typedefs.CIMultiDictProxy[str] = headers  # type: ignore[name-defined, assignment]
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers["Location"]


async def behind(request: web.BaseRequest) -> web.StreamResponse:  # noqa: C901, PLR0911 - a table of answers
    """What stands in for an editor, or for a program inside: says what it was asked."""
    path = request.path
    if path == "/echo":
        body = b"".join([piece async for piece in request.content.iter_any()])
        return web.json_response({"length": len(body), "digest": hashlib.sha256(body).hexdigest()})
    if path == "/big":
        return web.Response(body=b"0123456789abcdef" * 500_000)
    if path == "/redirect":
        return web.Response(status=302, headers={"Location": request.query["to"]})
    if path == "/cookie":
        response = web.Response(text="set")
        for value in request.query.getall("set"):
            response.headers.add("Set-Cookie", value)
        return response
    if path == "/stream":
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for number in range(3):
            await stream.write(f"data: {number}\n\n".encode())
            await asyncio.sleep(0.01)
        await stream.write_eof()
        return stream
    if path == "/broken":
        stream = web.StreamResponse(headers={"Content-Length": "1000"})
        await stream.prepare(request)
        await stream.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return stream
    if path == "/ws":
        socket_ = web.WebSocketResponse()
        await socket_.prepare(request)  # type: ignore[arg-type]
        async for message in socket_:
            if message.type == aiohttp.WSMsgType.TEXT:
                await socket_.send_str(f"you said {message.data}")
            elif message.type == aiohttp.WSMsgType.BINARY:
                await socket_.send_bytes(message.data)
        return socket_
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "headers": [[k, v] for k, v in request.headers.items()],
        }
    )


def play(
    machine: Machine,
    act: Callable[[Scene], Awaitable[None]],
    *,
    one: Listen | None = None,
    fronted: PrefixDoor | None = None,
) -> None:
    """Run an act of a test against a gateway with a workspace that runs and one that does not."""

    async def run() -> None:
        scene = Scene(machine)
        try:
            for target in (0, PORT_INSIDE):
                scene.place.addresses[target] = ("127.0.0.1", await scene.serve(behind))
            scene.directory.register(VIEW, ENDPOINT)
            if fronted:
                fronted.directory = scene.directory
                scene.port = await scene.serve(fronted)
            else:
                await (scene.open_one(one) if one else scene.open_gateway())
            scene.directory._endpoints[ID] = ENDPOINT
            await asyncio.wait_for(act(scene), 20)
        finally:
            await scene.close()

    asyncio.run(run())
