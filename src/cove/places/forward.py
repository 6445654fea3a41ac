"""A port of a workspace on this machine's loopback: each connection to it leads to the port inside."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from typing import TYPE_CHECKING

from cove.errors import PlaceError
from cove.places.base import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.places.base import Endpoint, Place

LOOPBACK = "127.0.0.1"
BACKLOG = 64
PIECE_BYTES = 1 << 16


class Forward:
    """Listens on the loopback from its making until `close`."""

    def __init__(
        self, place: Place, endpoint: Endpoint, port: int, *, local: int, strict: bool = True
    ) -> None:
        """Bind `local` (0: any that is free). One that is taken is a PlaceError if `strict`, else another is bound."""
        self._place, self._endpoint = place, endpoint
        self.port = port
        """Inside."""
        self._listener = _bind(local, strict=strict)
        self.local: int = self._listener.getsockname()[1]
        """On this machine."""

    def serve(self, on_failure: Callable[[str], object]) -> None:
        """Pass connections on until `close`; `on_failure` hears why one could not be."""
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(
                target=self._join, args=(near, on_failure), name="cove-forward", daemon=True
            ).start()

    def close(self) -> None:
        """Listen no more; connections that are there go on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()

    def _join(self, near: socket.socket, on_failure: Callable[[str], object]) -> None:
        with near:
            try:
                far = self._place.connect(self._endpoint, Target(self.port))
            except PlaceError as error:
                on_failure(error.message)
                return
            with far:
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=pump, args=(far, near), name="cove-forward-back", daemon=True)
                back.start()
                pump(near, far)
                back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what a socket sends until its end, which is passed on too; a broken one ends both."""
    try:
        while piece := source.recv(PIECE_BYTES):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _bind(local: int, *, strict: bool) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind((LOOPBACK, local))
        except OSError as error:
            if strict or error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            listener.bind((LOOPBACK, 0))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PlaceError(
            f"cannot listen on {LOOPBACK}:{local}: {error.strerror or error}",
            hint="Choose another port of this machine: `cove forward NAME 6006:16006`.",
        ) from error
    return listener
