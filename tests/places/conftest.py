from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cove.host.machine import Directories, Machine, Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    base = str(tmp_path)
    folders = Directories(f"{base}/config", f"{base}/data", f"{base}/cache", f"{base}/state", f"{base}/run")
    return Machine("Linux", "amd64", Owner(1000, 1000), False, base, {}, folders, base)


@contextmanager
def listening(server: socket.socket, serve: Callable[[socket.socket], None]) -> Iterator[socket.socket]:
    """Serve each connection in a thread of its own until the block ends."""
    server.listen()
    threads = []

    def accept() -> None:
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=run, args=(link,), daemon=True))
            threads[-1].start()

    def run(link: socket.socket) -> None:
        with link:
            serve(link)

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        acceptor.join(5)
        for thread in threads:
            thread.join(5)


def echo(link: socket.socket) -> None:
    while data := link.recv(65536):
        link.sendall(data)
