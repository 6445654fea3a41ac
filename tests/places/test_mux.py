"""The real mux.js, run by the node on PATH instead of a container's."""

from __future__ import annotations

import hashlib
import shutil
import socket
import threading
import time
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from cove.errors import PlaceError
from cove.host.proc import Command
from cove.places.mux import Mux

from .conftest import echo, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MUX_JS = str(files("cove.ide") / "inside" / "mux.js")


def node_command() -> Command:
    node = shutil.which("node")
    assert node, "these tests need node on PATH (apt-get install nodejs)"
    return Command((node, MUX_JS))


@pytest.fixture
def mux() -> Iterator[Mux]:
    mux = Mux(node_command())
    yield mux
    mux.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)


def tcp_server(family: int = socket.AF_INET, host: str = "127.0.0.1") -> socket.socket:
    server = socket.socket(family)
    server.bind((host, 0))
    return server


def ask(link: socket.socket, data: bytes) -> bytes:
    """Send everything from a thread, half close, and read to the end."""

    def send() -> None:
        link.sendall(data)
        link.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    pieces = []
    while piece := link.recv(65536):
        pieces.append(piece)
    sender.join()
    link.close()
    return b"".join(pieces)


def test_bytes_go_in_and_come_back_to_the_last_one(mux: Mux) -> None:
    data = bytes(range(256)) * 20_000  # five windows
    with listening(tcp_server(), echo) as server:
        back = ask(mux.open(f"tcp:{server.getsockname()[1]}", 5), data)
    assert hashlib.sha256(back).digest() == hashlib.sha256(data).digest()


def test_unix_sockets_and_the_other_loopback(mux: Mux, tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{tmp_path}/s")
    with listening(server, echo):
        assert ask(mux.open(f"unix:{tmp_path}/s", 5), b"hello") == b"hello"
    with listening(tcp_server(socket.AF_INET6, "::1"), echo) as server6:
        assert ask(mux.open(f"tcp:{server6.getsockname()[1]}", 5), b"six") == b"six"


def test_what_nobody_listens_on_is_refused_with_the_reason(mux: Mux, tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="ENOENT"):
        mux.open(f"unix:{tmp_path}/nothing", 5)
    with tcp_server() as server, pytest.raises(PlaceError, match="ECONNREFUSED"):
        mux.open(f"tcp:{server.getsockname()[1]}", 5)  # bound, not listening


def test_a_stream_that_nobody_reads_holds_up_no_other(mux: Mux) -> None:
    def flood(link: socket.socket) -> None:
        try:
            for _ in range(64):
                link.sendall(b"x" * (1 << 20))
        except OSError:
            pass

    with listening(tcp_server(), flood) as flooding, listening(tcp_server(), echo) as echoing:
        unread = mux.open(f"tcp:{flooding.getsockname()[1]}", 5)
        for _ in range(20):
            assert ask(mux.open(f"tcp:{echoing.getsockname()[1]}", 5), b"y" * 100_000) == b"y" * 100_000
        waiting = sum(len(data) for stream in mux._streams.values() for data in stream.waiting)
        assert waiting <= 2 << 20
        unread.close()


def test_a_reader_that_stops_reading_holds_up_no_other(mux: Mux) -> None:
    wait = threading.Event()

    def ignore(link: socket.socket) -> None:
        wait.wait(10)

    with listening(tcp_server(), ignore) as ignoring, listening(tcp_server(), echo) as echoing:
        stuck = mux.open(f"tcp:{ignoring.getsockname()[1]}", 5)
        stuck.setblocking(False)
        written = 0
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                written += stuck.send(b"z" * 65536)
                paused = time.monotonic()
            except BlockingIOError:
                if time.monotonic() - paused > 0.3:
                    break
                time.sleep(0.01)
        assert written < 16 << 20
        assert ask(mux.open(f"tcp:{echoing.getsockname()[1]}", 5), b"y" * 100_000) == b"y" * 100_000
        wait.set()
        stuck.close()


def test_closing_here_closes_there(mux: Mux) -> None:
    closed = threading.Event()

    def until_end(link: socket.socket) -> None:
        while link.recv(100):
            pass
        closed.set()

    with listening(tcp_server(), until_end) as server:
        mux.open(f"tcp:{server.getsockname()[1]}", 5).close()
        assert closed.wait(5)


def test_closing_there_closes_here(mux: Mux) -> None:
    with listening(tcp_server(), lambda link: link.sendall(b"bye")) as server:
        link = mux.open(f"tcp:{server.getsockname()[1]}", 5)
        assert link.recv(100) == b"bye"
        assert link.recv(100) == b""
        link.close()


def test_when_the_process_dies_streams_end_and_no_new_one_opens(mux: Mux) -> None:
    with listening(tcp_server(), echo) as server:
        link = mux.open(f"tcp:{server.getsockname()[1]}", 5)
        mux._pipe._process.kill()
        assert link.recv(100) == b""
        link.close()
        deadline = time.monotonic() + 5
        while mux.alive and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(PlaceError, match="has ended"):
            mux.open(f"tcp:{server.getsockname()[1]}", 5)


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("/bin/sh", "-c", "echo exec failed: no such file"), "exec failed"),
        (("/bin/sh", "-c", "exit 126"), ""),
    ],
)
def test_a_process_that_does_not_greet_is_named(argv: tuple[str, ...], what: str) -> None:
    with pytest.raises(PlaceError, match="did not answer") as caught:
        Mux(Command(argv))
    assert what in caught.value.detail


def test_a_missing_engine_is_named() -> None:
    with pytest.raises(PlaceError, match="no-such-engine"):
        Mux(Command(("no-such-engine", "exec")))
