"""The frames of a multiplexed stream, as they travel between places/mux.py and ide/inside/mux.js.

The container's end greets with one line; then both sides send frames: a byte for the kind, four for the
stream, four for the length (big endian), and the payload.

    OPEN    →   `unix:/path` or `tcp:PORT`           OPENED  ←
    DATA    ↔   at most 256 KiB                      CREDIT  ↔   four bytes: how many more may be sent
    END     ↔   no more data from this side          CLOSE   ↔   the stream is gone; the payload may say why
    PING    ↔   the container's end exits when it hears nothing for 90 s

Each side may send a stream one window ahead of what its reader took, so a slow reader holds up nobody else
and memory stays bounded.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

GREETING = b"cove-mux 1\n"
WINDOW_BYTES = 1 << 20
FRAME_BYTES = 1 << 18
HEADER = struct.Struct(">BII")
NUMBER = struct.Struct(">I")


class Kind(IntEnum):
    """What a frame says."""

    OPEN = 1
    OPENED = 2
    DATA = 3
    CREDIT = 4
    END = 5
    CLOSE = 6
    PING = 7


class Frame(NamedTuple):
    """One frame; `kind` is a Kind, or a number of a later version."""

    kind: int
    stream: int
    payload: bytes = b""


def render_frame(kind: Kind, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame as it travels."""
    return HEADER.pack(kind, stream, len(payload)) + payload


def parse_frames(buffered: bytearray) -> list[Frame]:
    """Take the whole frames off the front of what was read, leaving a partial one.

    Raises ValueError when a frame is longer than any can be: the stream is not ours, or has lost its step.
    """
    frames, at = [], 0
    while len(buffered) - at >= HEADER.size:
        kind, stream, length = HEADER.unpack_from(buffered, at)
        if length > FRAME_BYTES:
            raise ValueError(f"a frame of {length} bytes")
        end = at + HEADER.size + length
        if end > len(buffered):
            break
        with memoryview(buffered) as view:  # one copy instead of two
            frames.append(Frame(kind, stream, bytes(view[at + HEADER.size : end])))
        at = end
    del buffered[:at]
    return frames
