from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cove.errors import PlaceError
from cove.places.base import Endpoint
from cove.places.forward import Forward

from .conftest import echo, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.places.base import Target

ENDPOINT = Endpoint("0123456789ab", "socket", "docker", "c1")


class Inside:
    """A place whose ports are this machine's."""

    def __init__(self, ports: dict[int, int]) -> None:
        self.ports = ports

    def connect(self, endpoint: Endpoint, target: Target) -> socket.socket:
        if target.port not in self.ports:
            raise PlaceError("nothing listens there")
        return socket.create_connection(("127.0.0.1", self.ports[target.port]))


@contextmanager
def forwarding(inside: Inside, port: int, told: list[str]) -> Iterator[Forward]:
    forward = Forward(inside, ENDPOINT, port, local=0)
    thread = threading.Thread(target=forward.serve, args=(told.append,))
    thread.start()
    try:
        yield forward
    finally:
        forward.close()
        thread.join(5)
        assert not thread.is_alive()


def test_both_ways_and_each_end_by_itself() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with listening(server, echo), forwarding(Inside({6006: server.getsockname()[1]}), 6006, []) as forward:
        assert say(forward.local, b"x") == b"x"
        assert say(forward.local, b"x" * 300_000) == b"x" * 300_000


def say(port: int, data: bytes) -> bytes:
    """Send all, say that there is no more, and return what comes back."""
    with socket.create_connection(("127.0.0.1", port)) as link:
        sender = threading.Thread(target=lambda: (link.sendall(data), link.shutdown(socket.SHUT_WR)))
        sender.start()
        got = b"".join(iter(lambda: link.recv(65536), b""))
        sender.join()
    return got


def test_nobody_inside_ends_the_connection_and_says_why() -> None:
    told: list[str] = []
    with forwarding(Inside({}), 6006, told) as forward:
        with socket.create_connection(("127.0.0.1", forward.local)) as link:
            assert link.recv(1) == b""
        assert told == ["nothing listens there"]


def test_only_the_loopback_and_only_once() -> None:
    first = Forward(Inside({}), ENDPOINT, 6006, local=0)
    try:
        assert first._listener.getsockname()[0] == "127.0.0.1"
        with pytest.raises(PlaceError, match=f"cannot listen on 127.0.0.1:{first.local}"):
            Forward(Inside({}), ENDPOINT, 6006, local=first.local)
        other = Forward(Inside({}), ENDPOINT, 6006, local=first.local, strict=False)
        assert other.local != first.local
        other.close()
    finally:
        first.close()
