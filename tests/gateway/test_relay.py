"""How long things live: uploads that are not read, readers that leave. What passes through is in test_door.py."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from .conftest import ENDPOINT, ID, PORT_INSIDE, VIEW, Scene

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cove.host.machine import Machine


def play_with(
    machine: Machine,
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    act: Callable[[Scene], Awaitable[None]],
) -> None:
    async def run() -> None:
        scene = Scene(machine)
        try:
            scene.place.addresses[0] = scene.place.addresses[PORT_INSIDE] = (
                "127.0.0.1",
                await scene.serve(handler),
            )
            scene.directory.register(VIEW, ENDPOINT)
            await scene.open_gateway()
            await asyncio.wait_for(act(scene), 20)
        finally:
            await scene.close()

    asyncio.run(run())


def test_a_reader_that_leaves_is_left_behind_too(machine: Machine) -> None:
    left = asyncio.Event()

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        try:
            while True:
                await stream.write(b"tick\n")
                await asyncio.sleep(0.01)
        finally:
            left.set()

    async def act(scene: Scene) -> None:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{scene.port}/"
            headers = {"Host": scene.host("editor"), "Cookie": scene.cookie("editor")}
            async with session.get(url, headers=headers) as answer:
                assert await answer.content.readline() == b"tick\n"
                answer.close()
        await asyncio.wait_for(left.wait(), 5)

    play_with(machine, endless, act)


def test_one_who_waits_and_leaves_before_any_answer(machine: Machine) -> None:
    left = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        try:
            await asyncio.sleep(60)
        finally:
            left.set()
        return web.Response()

    async def act(scene: Scene) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as session:
            headers = {"Host": scene.host("editor"), "Cookie": scene.cookie("editor")}
            with contextlib.suppress(TimeoutError):
                await session.get(f"http://127.0.0.1:{scene.port}/", headers=headers)
        await asyncio.wait_for(left.wait(), 5)

    play_with(machine, silent, act)


def test_an_answer_before_the_upload_has_ended(machine: Machine) -> None:
    async def refusing(request: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(status=413, text="too large")
        response.force_close()
        return response

    async def slow_upload() -> object:
        for _ in range(3):
            yield b"x" * 1000
            await asyncio.sleep(0.05)

    async def act(scene: Scene) -> None:
        for _ in range(3):
            answer = await scene.get("editor", "/", method="POST", data=slow_upload())
            assert (answer.status, answer.text) == (413, "too large")

    play_with(machine, refusing, act)


def test_expect_continue(machine: Machine) -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=await request.read())

    async def act(scene: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
        head = (
            f"PUT / HTTP/1.1\r\nHost: {scene.host('editor')}\r\nCookie: {scene.cookie('editor')}\r\n"
            "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        writer.write(head.encode())
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert await reader.readline() == b"\r\n"
        writer.write(b"hello")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        assert (await reader.readuntil(b"hello")).endswith(b"\r\n\r\nhello")
        writer.close()

    play_with(machine, echo, act)


def test_an_old_client_gets_no_chunks(machine: Machine) -> None:
    async def chunked(request: web.BaseRequest) -> web.StreamResponse:
        stream = web.StreamResponse()
        stream.enable_chunked_encoding()
        await stream.prepare(request)
        await stream.write(b"one ")
        await stream.write(b"two")
        return stream

    async def act(scene: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
        head = f"GET / HTTP/1.0\r\nHost: {scene.host('editor')}\r\nCookie: {scene.cookie('editor')}\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.read()
        assert answer.endswith(b"\r\n\r\none two")
        assert b"chunked" not in answer
        writer.close()

    play_with(machine, chunked, act)


def test_a_hostile_answer_is_not_passed_on(machine: Machine) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX: y\nSet-Cookie: cove_1=evil\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def run() -> None:
        scene = Scene(machine)
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            scene.place.addresses[0] = server.sockets[0].getsockname()
            scene.directory.register(VIEW, ENDPOINT)
            scene.directory._listed[ID] = VIEW
            await scene.open_gateway()
            answer = await scene.get("editor", "/")
            assert answer.status == 502
            assert "Set-Cookie" not in answer.headers
        finally:
            await scene.close()
            server.close()

    asyncio.run(run())
