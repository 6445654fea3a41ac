"""The interface between whoever wants to talk to a workspace and the place it runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import socket


class Endpoint(NamedTuple):
    """How a running workspace is reached: what `STATE/ID/endpoint.json` holds, 0600, renewed by each `up`.

    The way was probed when the workspace started. `secret`, if not empty, is the editor's session cookie value, which
    only the gateway adds to requests.
    """

    id: str
    """The workspace's."""
    way: Literal["socket", "exec", "port"]
    engine: str
    """`docker` or `podman`."""
    container: str
    address: str = ""
    """For `port`: the loopback address published for the editor, `127.0.0.1:49153`."""
    secret: str = ""


class Target(NamedTuple):
    """What inside the workspace to reach: the editor, or a TCP port on the container's loopback."""

    port: int = 0
    """0 is the editor."""


class Place(Protocol):
    """Somewhere workspaces run."""

    def connect(self, endpoint: Endpoint, target: Target) -> socket.socket:
        """Return a connected stream socket to the target; blocks for a few seconds at most.

        Raises PlaceError when the workspace is gone or nothing listens there.
        """
        ...
