"""The gateway process: its listeners, and what it keeps between its lives."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import stat
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from aiohttp import web

import cove
from cove.errors import CoveError, PlaceError, UsageError
from cove.gateway.auth import LINK_SECONDS, Keys, Tokens, add_token
from cove.gateway.control import Control, parse_listen
from cove.gateway.daemon import choose_first_port, control_path, info_path, state_folder
from cove.gateway.directory import Directory
from cove.gateway.door import GatewayDoor, OneDoor
from cove.gateway.origins import Host
from cove.gateway.views import GatewayInfo
from cove.host.files import make_private_directory, write_atomic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cove.gateway.directory import ReadViews
    from cove.gateway.views import Listen
    from cove.host.machine import Machine
    from cove.places.base import Place

    Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

PORTS_TRIED = 200
LARGEST_LINE = 1 << 15
STOP_PATIENCE_SECONDS = 2.0


def make_web_server(handler: Handler) -> web.Server:
    """Return a server that passes on what it does not have to understand: bodies as they are, long lines too."""
    return web.Server(
        handler,
        access_log=None,
        handler_cancellation=True,
        auto_decompress=False,
        max_line_size=LARGEST_LINE,
        max_field_size=LARGEST_LINE,
    )


class Listener(NamedTuple):
    """A workspace served by itself; `server` is None where it could not be restored, and `problem` says why."""

    view_id: str
    listen: Listen
    server: Closing | None
    port: int = 0
    problem: str = ""

    def describe(self) -> dict[str, object]:
        """Return it as JSON tells it."""
        return {
            "id": self.view_id,
            "listen": self.listen._asdict(),
            "port": self.port,
            "problem": self.problem,
        }


class Gateway:
    """All there is in the process."""

    def __init__(self, machine: Machine, place: Place, read_views: ReadViews) -> None:
        self.machine = machine
        self.keys = Keys(read_secret(f"{state_folder(machine)}/secret"))
        self.tokens = Tokens()
        self.directory = Directory(machine, self.keys, place, read_views)
        self.port = 0
        self.listeners: dict[str, Listener] = {}
        self.stopping = asyncio.Event()
        self._handlers: list[web.Server] = []

    @property
    def url(self) -> str:
        """Return the main origin."""
        return f"http://localhost:{self.port}"

    async def run(self, port: int = 0) -> None:
        """Listen until told to stop. `port` is the one wanted, 0 for this user's own."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        links = self._open_main(port)
        door = self._server(GatewayDoor(self.directory, self.keys, self.tokens, self.port))
        servers = [await loop.create_server(door, sock=link) for link in links]
        await self._restore()
        servers.append(await self._listen_control())
        try:
            await self.stopping.wait()
        finally:
            for path in (info_path(self.machine), control_path(self.machine)):
                with contextlib.suppress(OSError):
                    os.unlink(path)
            await self._close(servers)

    def _open_main(self, wanted: int) -> list[socket.socket]:
        """Return the listening sockets on this user's port: the one of last time, else the next that is free.

        Once another had to be taken it stays so: who sits on the old one may have seen cookies for it.
        """
        path = f"{state_folder(self.machine)}/port"
        first = wanted or read_number(path) or choose_first_port(os.getuid())
        for port in range(first, first + (1 if wanted else PORTS_TRIED)):
            try:
                links = open_loopback(port)
            except OSError:
                continue
            self.port = port
            write_atomic(path, str(port))
            return links
        raise PlaceError(f"port {first} is taken", hint="Choose another: `cove gateway --port N`.")

    async def _listen_control(self) -> asyncio.Server:
        path = control_path(self.machine)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        before = os.umask(0o177)
        try:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.bind(path)
        finally:
            os.umask(before)
        handler = web.Server(Control(self), access_log=None)
        self._handlers.append(handler)
        server = await asyncio.get_running_loop().create_unix_server(handler, sock=link)
        info = GatewayInfo(self.url, self.port, path, os.getpid(), cove.__version__)
        write_atomic(info_path(self.machine), json.dumps(info._asdict()))
        return server

    # Workspaces served by themselves.

    async def serve_one(self, view_id: str, listen: Listen) -> str:
        """Serve one workspace by itself; return the link. One that is already served so keeps its listener."""
        check_listen(listen)
        found = next(
            (
                entry
                for entry in self.listeners.values()
                if entry.view_id == view_id and entry.listen == listen
            ),
            None,
        )
        if found is None or found.server is None:
            found = await self._open_one(view_id, listen)
            self._remember()
        return self._link_one(found)

    async def stop_one(self, view_id: str) -> int:
        """Close the listeners of a workspace; return how many there were."""
        mine = [key for key, entry in self.listeners.items() if entry.view_id == view_id]
        for key in mine:
            entry = self.listeners.pop(key)
            if entry.server is not None:
                entry.server.close()
        self._remember()
        return len(mine)

    def _link_one(self, entry: Listener) -> str:
        listen = entry.listen
        if listen.socket:
            return f"unix:{listen.socket}"
        host = "localhost" if listen.host in {"127.0.0.1", "::1"} else listen.host
        url = f"http://{Host(host, str(entry.port))}{listen.base_path.rstrip('/')}/"
        if listen.auth == "none":
            return url
        return add_token(url, self.tokens.mint(f"one/{entry.view_id}", time.time(), LINK_SECONDS))

    async def _open_one(self, view_id: str, listen: Listen) -> Listener:
        loop = asyncio.get_running_loop()
        before = self.listeners.get(listen.socket or str(listen.port))
        if before is not None and before.view_id == view_id and before.server is not None:
            before.server.close()  # the same place on other terms
        try:
            links = [open_unix(listen.socket)] if listen.socket else open_loopback(listen.port)
        except OSError as error:
            where = listen.socket or f"port {listen.port}"
            raise UsageError(
                f"{where} cannot be listened on: {error.strerror or error}", hint="Choose another one."
            ) from error
        port = 0 if listen.socket else links[0].getsockname()[1]
        handler = self._server(
            OneDoor(self.directory, self.keys, self.tokens, port, view_id=view_id, listen=listen)
        )
        if listen.socket:
            server: Closing = await loop.create_unix_server(handler, sock=links[0])
        else:
            server = _Several([await loop.create_server(handler, sock=link) for link in links])
        entry = Listener(view_id, listen, server, port)
        self.listeners[listen.socket or str(port)] = entry
        return entry

    async def _restore(self) -> None:
        for entry in read_list(f"{state_folder(self.machine)}/listeners.json"):
            listen = parse_listen(entry["listen"])
            try:
                await self._open_one(entry["id"], listen)
            except CoveError as error:
                print(f"not restored: {error.message}", file=sys.stderr)
                key = listen.socket or str(listen.port)
                self.listeners[key] = Listener(entry["id"], listen, None, listen.port, error.message)

    def _remember(self) -> None:
        entries = [
            {"id": entry.view_id, "listen": entry.listen._replace(port=entry.port)._asdict()}
            for entry in self.listeners.values()
        ]
        write_atomic(f"{state_folder(self.machine)}/listeners.json", json.dumps(entries))

    # Beginning and end.

    def _server(self, handler: Handler) -> web.Server:
        server = make_web_server(handler)
        self._handlers.append(server)
        return server

    async def _close(self, servers: list[asyncio.Server]) -> None:
        for server in (*servers, *(entry.server for entry in self.listeners.values() if entry.server)):
            server.close()
        for handler in self._handlers:
            await handler.shutdown(STOP_PATIENCE_SECONDS)
        self.directory.close()


class Closing(Protocol):
    """A server, as far as it is kept here."""

    def close(self) -> None:
        """Listen no more."""


class _Several:
    """Listeners closed as one: both loopbacks."""

    def __init__(self, servers: list[asyncio.Server]) -> None:
        self._servers = servers

    def close(self) -> None:
        for server in self._servers:
            server.close()


def check_listen(listen: Listen) -> None:
    """Raise UsageError for a listener that would let strangers in."""
    if listen.socket or listen.host in {"127.0.0.1", "::1", "localhost"}:
        return
    raise UsageError(
        f"cove does not listen on {listen.host}: beyond this machine an editor needs TLS",
        hint=f"Forward the port instead: `ssh -N -L {listen.port}:localhost:{listen.port} HOST`.",
    )


def open_loopback(port: int) -> list[socket.socket]:
    """Return sockets listening on a port of both loopbacks, 0 for any. Raises OSError if it is taken on either.

    Browsers try both for `localhost`: someone else on the other one would be given the links' tokens.
    """
    links = [_open_tcp(socket.AF_INET, "127.0.0.1", port)]
    try:
        links.append(_open_tcp(socket.AF_INET6, "::1", links[0].getsockname()[1]))
    except OSError as error:
        import errno

        if error.errno == errno.EADDRINUSE:
            links[0].close()
            raise
        # No IPv6 here.
    return links


def _open_tcp(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    link = socket.socket(family, socket.SOCK_STREAM)
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        link.bind((host, port))
        link.listen(512)
    except BaseException:
        link.close()
        raise
    return link


def open_unix(path: str) -> socket.socket:
    """Return a socket listening at a path, 0600; one that nobody listens on any more is replaced. Raises OSError."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            link.connect(path)
        except ConnectionRefusedError:
            if not stat.S_ISSOCK(os.lstat(path).st_mode):  # refused all the same, and someone's file
                raise
            os.unlink(path)
        except FileNotFoundError:
            pass
        else:
            raise OSError(f"{path} is in use")
        link.close()
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.bind(path)
        os.chmod(path, 0o600)
    except BaseException:
        link.close()
        raise
    return link


def read_secret(path: str) -> bytes:
    """Return the secret all sessions hang on, made the first time."""
    make_private_directory(os.path.dirname(path))
    try:
        with open(path, "rb") as file:
            if len(secret := file.read()) == 32:
                return secret
    except FileNotFoundError:
        pass
    write_atomic(path, secrets.token_bytes(32))
    return read_secret(path)


def read_list(path: str) -> list[dict[str, Any]]:
    """Return the objects a JSON file lists, none if it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)
    except (OSError, ValueError):
        return []
    return entries if isinstance(entries, list) else []


def read_number(path: str) -> int:
    """Return the number a file holds, 0 if none."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(20).strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() and 0 < int(text) < 65536 else 0
