"""Wait until the editor in a workspace answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cove.errors import PlaceError
from cove.places.base import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.places.base import Endpoint, Place

ANSWER_PATIENCE_SECONDS = 2.0
SHORTEST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.2


def wait_until_ready(
    place: Place,
    endpoint: Endpoint,
    health_path: str,
    *,
    timeout: float,
    on_progress: Callable[[float], None] | None = None,
) -> float:
    """Ask for `health_path` until it answers 200, and return the seconds that took.

    `on_progress` hears the seconds so far about once a second; it may raise to give up, for one who knows
    that the container has died. Raises PlaceError, with the last failure, when `timeout` (seconds) runs out.
    """
    began = time.monotonic()
    told, pause = 0.0, SHORTEST_PAUSE_SECONDS
    while True:
        failure = read_health(place, endpoint, health_path)
        waited = time.monotonic() - began
        if not failure:
            return waited
        if waited >= timeout:
            raise PlaceError(
                f"the editor did not answer within {timeout:g} s: {failure}",
                hint="`cove logs` shows what it wrote.",
            )
        if on_progress is not None and waited - told >= 1:
            told = waited
            on_progress(waited)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


def read_health(place: Place, endpoint: Endpoint, health_path: str) -> str:
    """Ask once; return what is wrong, empty when the answer is 200."""
    try:
        link = place.connect(endpoint, Target())
    except PlaceError as error:
        return error.message
    try:
        link.settimeout(ANSWER_PATIENCE_SECONDS)
        link.sendall(f"GET {health_path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status = link.recv(64)
    except OSError as error:
        return f"it accepts connections, but does not answer ({error})"
    finally:
        link.close()
    if status.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        return ""
    line = status.partition(b"\r\n")[0].decode("latin-1")
    return f"it answers {line!r}" if line else "it closes the connection"
