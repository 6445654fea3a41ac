"""Two connections joined into one: after an upgrade the bytes are none of the gateway's business."""

from __future__ import annotations

import asyncio
import contextlib
from typing import cast


class _End(asyncio.Protocol):
    """One side; what it reads is written to the other, no faster than the other takes it.

    When a side says that it sends no more, both end: browsers close at once, and an editor would wait for ever.
    """

    def __init__(self, other: asyncio.Transport, lost: asyncio.Future[None]) -> None:
        self._other = other
        self._lost = lost
        self.transport = cast("asyncio.Transport", None)

    def data_received(self, data: bytes) -> None:
        self._other.write(data)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._other.close()  # after what is still to be written
        if not self._lost.done():
            self._lost.set_result(None)

    def pause_writing(self) -> None:
        with contextlib.suppress(RuntimeError):  # already paused, or closing
            self._other.pause_reading()

    def resume_writing(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._other.resume_reading()


async def splice(near: asyncio.Transport, far: asyncio.Transport, first: bytes) -> None:
    """Join two transports until both have ended; `first` goes to `near` before all else."""
    loop = asyncio.get_running_loop()
    lost = [loop.create_future(), loop.create_future()]
    near.set_protocol(_End(far, lost[0]))
    far.set_protocol(_End(near, lost[1]))
    if first:
        near.write(first)
    for transport in (near, far):
        with contextlib.suppress(RuntimeError):
            transport.resume_reading()
    try:
        await asyncio.gather(*lost)
    finally:
        near.abort()
        far.abort()
