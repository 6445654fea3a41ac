"""Which origin a request is for, and how origins are spelt.

A web page may do to another page of its own origin whatever the person may. So each workspace has an origin of its
own, and so has each port forwarded from it: what runs in one container cannot reach the gateway's list, another
workspace, or the editor's session from a page it serves.

    localhost:17000                             the list, and `/w/NAME/`, which leads on
    NAME-RANDOM.localhost:17000                 a workspace; the editor is at `/`
    3000.NAME-RANDOM.localhost:17000            port 3000 inside it

Browsers resolve every name below `localhost` to the loopback themselves. A port's name lies *below* the workspace's,
so that both are one site and an editor's preview pane, a frame, gets its cookie; two workspaces are two sites.
RANDOM keeps pages on the web from guessing the name.

Other programs (curl, scripts) may not resolve such names. They get the same under `localhost:17000/w/NAME/…`,
passed on directly; they run no pages, so there is nothing for an origin to keep apart. Browsers never do.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
PORT_PATH = re.compile(r"/proxy/([1-9][0-9]{0,4})(?=[/?]|$)")
WORKSPACE_PATH = re.compile(r"/w/([a-z0-9][a-z0-9-]*)(?=[/?]|$)")
DOT_SEGMENT = re.compile(r"(?:/|%2f|\\|%5c)(?:\.|%2e){1,2}(?:/|%2f|\\|%5c|$)", re.IGNORECASE)


class Host(NamedTuple):
    """A Host header taken apart: `name` in lower case, `port` empty for the scheme's own."""

    name: str
    port: str

    def __str__(self) -> str:
        """Return it as a URL spells it."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port}" if self.port else name


class Origin(NamedTuple):
    """One of the gateway's own origins."""

    kind: Literal["main", "editor", "port"]
    label: str = ""
    """`NAME-RANDOM`."""
    port: int = 0


@lru_cache(1024)
def parse_host(header: str) -> Host | None:
    """Return a Host header's parts, or None if it is malformed.

    >>> parse_host("Digits-7hq2.localhost:17000")
    Host(name='digits-7hq2.localhost', port='17000')
    """
    name, colon, port = header.lower().rpartition(":")
    if not colon or port.endswith("]"):
        name, port = header.lower(), ""
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    elif ":" in name:
        return None
    name = name.removesuffix(".")
    return Host(name, port) if name and ((port.isascii() and port.isdigit()) or not port) else None


@lru_cache(1024)
def parse_origin(name: str) -> Origin | None:
    """Return which of the gateway's origins a host name is, or None for a name that is none of them.

    >>> parse_origin("3000.digits-7hq2.localhost")
    Origin(kind='port', label='digits-7hq2', port=3000)
    """
    if name in LOOPBACK_NAMES:
        return Origin("main")
    rest = name.removesuffix(".localhost")
    if rest == name:
        return None
    first, dot, second = rest.partition(".")
    if not dot:
        return Origin("editor", first) if LABEL.fullmatch(first) else None
    port = parse_port(first)
    return Origin("port", second, port) if port and LABEL.fullmatch(second) else None


def parse_port(text: str) -> int:
    """Return a TCP port number, 0 if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536 else 0


def render_url(label: str, port: int, outer_port: str, path: str = "/") -> str:
    """Return the URL of a workspace (port 0) or of a port inside it, on the port that the browser uses."""
    name = f"{port}.{label}.localhost" if port else f"{label}.localhost"
    return f"http://{Host(name, outer_port)}{path}"


def split_port_path(path: str) -> tuple[int, str, str] | None:
    """Return (3000, `/proxy/3000`, `/x?y`) for `/proxy/3000/x?y`, or None where no port is meant.

    The rest is empty when the slash after the port is missing: relative links would then lead astray.
    """
    found = PORT_PATH.match(path)
    if found is None or not (port := parse_port(found[1])):
        return None
    return port, found[0], path[found.end() :]


def split_workspace_path(path: str) -> tuple[str, str, str] | None:
    """Return (`digits`, `/w/digits`, `/x?y`) for `/w/digits/x?y`, or None; see split_port_path."""
    found = WORKSPACE_PATH.match(path)
    return (found[1], found[0], path[found.end() :]) if found else None


def has_dot_segments(path: str) -> bool:
    """Whether a path goes up or stays, spelt plainly or in percent signs; browsers never send such a one."""
    return ("." in path or "%" in path) and DOT_SEGMENT.search(path.partition("?")[0]) is not None


def is_own_origin(origin: str, host: str) -> bool:
    """Whether an Origin header names the host the request came to."""
    scheme, found, rest = origin.partition("://")
    return bool(found) and scheme in {"http", "https"} and rest.lower() == host.lower()
