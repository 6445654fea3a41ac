"""The client against an answer of any kind; the real gateway is asked in test_daemon.py."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cove.errors import NotFound, PlaceError, Refused
from cove.gateway.client import ask, forget, list_known, mint_link, register, serve_one, stop_one
from cove.gateway.views import GatewayInfo, Listen

from .conftest import ENDPOINT, ID, VIEW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def answering(path: Path, answer: bytes) -> Iterator[tuple[GatewayInfo, list[bytes]]]:
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{path}/c")
        server.listen()

        def serve() -> None:
            link, _ = server.accept()
            with link:
                asked.append(link.recv(65536))
                link.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield GatewayInfo("http://localhost:1", 1, f"{path}/c", 1, "0"), asked
        thread.join(5)


def reply(status: int, body: str) -> bytes:
    return f"HTTP/1.0 {status} X\r\nContent-Type: application/json\r\n\r\n{body}".encode()


def test_one_request_says_all(tmp_path: Path) -> None:
    with answering(tmp_path, reply(200, '{"url": "http://x/?token=t"}')) as (info, asked):
        assert mint_link(info, "digits", path="a") == "http://x/?token=t"
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /token HTTP/1.0\r\n")
    assert b"Content-Length: %d" % len(body) in head
    assert body == b'{"workspace": "digits", "path": "a"}'


@pytest.mark.parametrize(
    ("call", "path", "words"),
    [
        (
            lambda info: register(info, VIEW, ENDPOINT),
            b"POST /workspaces",
            [b'"endpoint": {"id"', b'"digits"'],
        ),
        (lambda info: register(info, VIEW), b"POST /workspaces", [b'"endpoint": null']),
        (lambda info: forget(info, ID), b"POST /forget", [ID.encode()]),
        (
            lambda info: serve_one(info, ID, Listen(port=8080)),
            b"POST /serve",
            [b'"port": 8080', b'"auth": "token"'],
        ),
        (lambda info: stop_one(info, ID), b"POST /unserve", [ID.encode()]),
        (list_known, b"GET /workspaces", []),
    ],
)
def test_what_each_asks(tmp_path: Path, call: object, path: bytes, words: list[bytes]) -> None:
    with answering(tmp_path, reply(200, '{"url": "u", "closed": 0, "workspaces": []}')) as (info, asked):
        call(info)  # type: ignore[operator]
    assert asked[0].startswith(path + b" ")
    assert all(word in asked[0] for word in words)


@pytest.mark.parametrize(
    ("kind", "error"),
    [("NotFound", NotFound), ("Refused", Refused), ("NoSuchKind", PlaceError), ("", PlaceError)],
)
def test_errors_arrive_as_what_they_were(tmp_path: Path, kind: str, error: type[Exception]) -> None:
    body = f'{{"kind": "{kind}", "message": "no", "hint": "try"}}'
    with answering(tmp_path, reply(404, body)) as (info, _), pytest.raises(error, match="no") as caught:
        ask(info, "GET", "/info")
    assert caught.value.hint == "try"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 200 OK\r\n\r\n", b"nonsense", b"HTTP/1.0 x y\r\n\r\n{}"])
def test_half_an_answer_is_named(tmp_path: Path, answer: bytes) -> None:
    with answering(tmp_path, answer) as (info, _), pytest.raises(PlaceError, match="broke off"):
        ask(info, "GET", "/info")


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="does not answer"):
        ask(GatewayInfo("", 1, f"{tmp_path}/none", 1, ""), "GET", "/info")
