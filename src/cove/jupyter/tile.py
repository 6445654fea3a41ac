"""What jupyter-server-proxy is told of cove: its entry point calls `describe_server` when Jupyter starts.

It answers at `BASE_URL/cove/`, behind Jupyter's login, and is started by the first visit. No file of the person's is
edited, and other entries of `c.ServerProxy.servers` stay.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

START_SECONDS = 60
"""Patience for the first visit on a busy machine; idle it takes one second."""
SECRET_VARIABLE = "COVE_DOOR_SECRET"  # noqa: S105 - names, as gateway/behind.py and gateway/headers.py spell them
SECRET_HEADER = "X-Cove-Door"  # noqa: S105
FIRST_WITH_SOCKETS = (4, 0)
"""jupyter-server-proxy's first version that reaches a unix socket,"""
FIRST_WITH_WEBSOCKETS = (6, 3)
"""and tornado's that opens a WebSocket over one."""
FIRST_WITH_PATTERNS = (4, 6)
"""jupyter-server-proxy's first version that can be told which requests are nobody's activity."""
POLLING = [r".*/cove/(w/[^/]+/)?_cove/"]
"""What cove's pages ask by themselves: a list left open must not keep Jupyter's server from being culled."""


def describe_server() -> dict[str, object]:
    """Return the server as `jupyter_serverproxy_servers` wants it."""
    from importlib.metadata import version
    from secrets import token_urlsafe

    proxy, tornado = parse_version(version("jupyter-server-proxy")), parse_version(version("tornado"))
    over_socket = proxy >= FIRST_WITH_SOCKETS and tornado >= FIRST_WITH_WEBSOCKETS
    entry = render_server(over_socket=over_socket, secret="" if over_socket else token_urlsafe(32))
    return {**entry, "exclude_last_activity_patterns": POLLING} if proxy >= FIRST_WITH_PATTERNS else entry


def render_server(*, over_socket: bool, secret: str) -> dict[str, object]:
    """Return the entry: over a unix socket in a private folder, or over loopback with a secret that Jupyter sends."""
    entry: dict[str, object] = {
        "command": _command(("--socket", "{unix_socket}") if over_socket else ("--port", "{port}")),
        "timeout": START_SECONDS,
        "absolute_url": False,
        "new_browser_tab": True,
        "launcher_entry": {
            "enabled": True,
            "title": "Containers (cove)",
            "icon_path": f"{os.path.dirname(__file__)}/icon.svg",
        },
    }
    if over_socket:
        return {**entry, "unix_socket": True}
    headers = {SECRET_HEADER: secret}
    return {**entry, "environment": {SECRET_VARIABLE: secret}, "request_headers_override": headers}


def _command(where: tuple[str, str]) -> Callable[[], list[str]]:
    def command() -> list[str]:
        # -P: Jupyter's current folder is somebody's repository, and its modules are not to be cove's. jupyter-server-proxy
        # fills in what stands in braces.
        root = read_root().replace("{", "{{").replace("}", "}}")
        return [sys.executable, "-P", "-m", "cove.gateway.behind", *where, "--root", root]

    return command


def read_root() -> str:
    """Return the folder that Jupyter's file browser shows."""
    from jupyter_server.serverapp import ServerApp

    root = ServerApp.instance().root_dir if ServerApp.initialized() else ""
    return os.path.abspath(os.path.expanduser(root or os.getcwd()))


def parse_version(text: str) -> tuple[int, int]:
    """Return the first two numbers of a version.

    >>> parse_version("4.10.0rc1")
    (4, 10)
    """
    numbers = [int(number) for number in re.findall(r"\d+", text)[:2]]
    return (*numbers, 0, 0)[:2]  # type: ignore[return-value] # always two
