from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from cove.errors import PlaceError
from cove.places.base import Endpoint
from cove.places.probe import read_health, wait_until_ready

from .conftest import listening

if TYPE_CHECKING:
    from typing import Self

    from cove.places.base import Target

ENDPOINT = Endpoint("0123456789ab", "socket", "docker", "c1")


class FakePlace:
    """Answers each connection with the next of these; None refuses it."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.opened: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for link in self.opened:
            link.close()

    def connect(self, endpoint: Endpoint, target: Target) -> socket.socket:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise PlaceError("nobody listens")
        ours, theirs = socket.socketpair()
        theirs.sendall(answer)
        theirs.shutdown(socket.SHUT_WR)
        self.opened.append(theirs)
        return ours


def test_it_waits_for_200() -> None:
    answers = (None, None, b"", b"HTTP/1.1 503 Busy\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
    with FakePlace(*answers) as place:
        assert wait_until_ready(place, ENDPOINT, "/healthz", timeout=10) > 0
        assert place.opened[-1].recv(1000).startswith(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "nobody listens"),
        (b"", "closes the connection"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "'HTTP/1.1 404 Not Found'"),
        (b"SSH-2.0\r\n", "'SSH-2.0'"),
    ],
)
def test_when_time_runs_out_the_last_failure_is_told(answer: bytes | None, reason: str) -> None:
    with FakePlace(answer) as place, pytest.raises(PlaceError, match=reason) as caught:
        wait_until_ready(place, ENDPOINT, "/healthz", timeout=0.05)
    assert "cove logs" in caught.value.hint


def test_whoever_hears_of_progress_may_give_up() -> None:
    class Died(Exception):  # noqa: N818
        pass

    def give_up(seconds: float) -> None:
        assert seconds >= 1
        raise Died

    with pytest.raises(Died):
        wait_until_ready(FakePlace(None), ENDPOINT, "/", timeout=30, on_progress=give_up)


def test_a_server_that_accepts_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cove.places.probe.ANSWER_PATIENCE_SECONDS", 0.05)
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    address = server.getsockname()

    class Place:
        def connect(self, endpoint: Endpoint, target: Target) -> socket.socket:
            return socket.create_connection(address)

    def silent(link: socket.socket) -> None:
        while link.recv(1000):
            pass

    with listening(server, silent):
        assert "does not answer" in read_health(Place(), ENDPOINT, "/")
