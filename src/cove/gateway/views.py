"""What the gateway shows and is told: values only, so that `up` can import them for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class WorkspaceView(NamedTuple):
    """A workspace as the gateway's pages show it."""

    id: str
    name: str
    """A DNS label, unique among a person's workspaces."""
    folder: str
    state: str
    """`running`, `building`, `stopped` or `failed`."""
    engine: str
    container: str = ""
    image: str = ""
    detail: str = ""
    """What a person should see besides, such as what its base image stands in for."""
    gpus: str = ""
    """The GPUs it holds, and what it used of them lately."""
    bars: str = ""
    """How busy they were, as a line of small bars."""
    ports: Mapping[str, str] = {}
    """The ports inside, declared or listening, and their labels."""
    listening: tuple[str, ...] = ()
    """Those of them that listen now."""
    secure_ports: tuple[str, ...] = ()
    """Those of them that speak TLS."""
    problem: str = ""
    """What is wrong with it while it runs, in a sentence."""
    remedy: str = ""
    """The command against that."""


def parse_view(document: object) -> WorkspaceView:
    """Return a view from JSON, where tuples are lists. Raises TypeError for a wrong shape."""
    if not isinstance(document, dict):
        raise TypeError(f"not a workspace: {document!r}")
    lists = {name: tuple(value) for name, value in document.items() if isinstance(value, list)}
    return WorkspaceView(**{**document, **lists})


class Listen(NamedTuple):
    """Where one workspace is served by itself, and to whom.

    A unix `socket` path, or `host` and `port`. `base_path` is the prefix it is seen under when the front before it
    leaves the prefix in the path. `allow_hosts` are the names, beside the loopback ones, that a request's Host may
    have; `*` is any.
    """

    host: str = "127.0.0.1"
    port: int = 0
    socket: str = ""
    auth: Literal["token", "none"] = "token"
    base_path: str = ""
    allow_hosts: tuple[str, ...] = ()


class GatewayInfo(NamedTuple):
    """The running gateway of this user."""

    url: str
    """`http://localhost:17000`."""
    port: int
    control: str
    """The path of its control socket."""
    pid: int
    version: str
