"""The gateway beside the work of `up`: found, or started meanwhile, told what is being made, asked for the link."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    from cove.gateway.views import GatewayInfo, Listen
    from cove.host.machine import Machine
    from cove.places.base import Endpoint
    from cove.workspace.beside import Beside
    from cove.workspace.terms import Announcement, Opened


class Doorkeeper:
    """A `with` block around `up`; a gateway that is not running is started beside the work, at no cost of time."""

    def __init__(self, machine: Machine, port: int) -> None:
        self._machine = machine
        self._port = port
        self._gateway: GatewayInfo | None = None
        self._starting: Beside[None] | None = None
        self._announced: Announcement | None = None

    def __enter__(self) -> Self:
        from cove.gateway.daemon import find_gateway

        self._gateway = find_gateway(self._machine, port=self._port)
        if self._gateway is None:
            from cove.workspace.beside import Beside

            self._starting = Beside(self._start, name="gateway")
            self._starting.__enter__()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._starting:
            self._starting.__exit__(kind, error, trace)

    def _start(self) -> None:
        from cove.gateway.daemon import ensure_gateway

        self._gateway = ensure_gateway(self._machine, port=self._port)
        if self._announced:
            self._register(self._announced, "building")

    def announce(self, announcement: Announcement) -> None:
        """Let the link answer while the workspace is being made."""
        self._announced = announcement
        if self._gateway:
            self._register(announcement, "building")

    def _register(self, announcement: Announcement, state: str, endpoint: Endpoint | None = None) -> None:
        from cove.gateway.client import register
        from cove.gateway.views import WorkspaceView

        assert self._gateway is not None
        register(self._gateway, WorkspaceView(*announcement[:3], state, announcement.engine), endpoint)

    def open(self, opened: Opened, listen: Listen | None = None) -> str:
        """Return the link to a workspace that is up; with `listen`, it is served there alone.

        Raises PlaceError when the gateway did not start, UsageError when the port is taken.
        """
        if self._starting:
            self._starting.result()
        assert self._gateway is not None
        if self._announced:
            from cove.places.endpoints import read_endpoint

            self._register(self._announced, "running", read_endpoint(self._machine, opened.record.id))
        from cove.gateway.client import mint_link, serve_one

        if listen is not None:
            return serve_one(self._gateway, opened.record.id, listen)
        return mint_link(self._gateway, opened.record.id, path=render_query(opened.shows))


def render_query(shows: str) -> str:
    """Return the query by which VS Code in the browser opens a file of the container; empty for none.

    The authority of the address does not matter: it is read on the server that the page came from.
    """
    if not shows:
        return ""
    from json import dumps
    from urllib.parse import quote

    payload = dumps([["openFile", f"vscode-remote://cove{shows}"]], separators=(",", ":"))
    return f"?payload={quote(payload, safe='')}"
