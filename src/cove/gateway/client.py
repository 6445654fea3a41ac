"""What the rest of cove asks of a running gateway: one small request each over its control socket.

Written against the C half of the socket module, since this is on the path of every `up` (see daemon.py).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from cove import errors
from cove.errors import PlaceError
from cove.gateway.views import parse_view

if TYPE_CHECKING:
    from cove.errors import CoveError
    from cove.gateway.views import GatewayInfo, Listen, WorkspaceView
    from cove.places.base import Endpoint

PATIENCE_SECONDS = 15.0


def mint_link(info: GatewayInfo, workspace: str = "", *, path: str = "") -> str:
    """Return a link that signs one browser in: to a workspace (name or id) and a path in it, or to the list.

    `http://localhost:17000/w/digits/?token=cove_…`, good for one hour and one use. Raises NotFound.
    """
    return str(ask(info, "POST", "/token", {"workspace": workspace, "path": path})["url"])


def register(info: GatewayInfo, view: WorkspaceView, endpoint: Endpoint | None = None) -> None:
    """Tell of a workspace that is being built, so that its link answers at once, or of the way to one that runs."""
    asked = {"view": view._asdict(), "endpoint": endpoint._asdict() if endpoint else None}
    ask(info, "POST", "/workspaces", asked)


def forget(info: GatewayInfo, workspace_id: str) -> None:
    """Tell that a workspace was removed."""
    ask(info, "POST", "/forget", {"id": workspace_id})


def list_known(info: GatewayInfo) -> list[WorkspaceView]:
    """Return the workspaces as the gateway shows them."""
    entries = cast("list[dict[str, Any]]", ask(info, "GET", "/workspaces")["workspaces"])
    return [parse_view(entry) for entry in entries]


def serve_one(info: GatewayInfo, workspace_id: str, listen: Listen) -> str:
    """Serve one workspace at `/` of a port or unix socket of its own; return the link.

    The gateway does so again after a restart, until `stop_one`. Raises UsageError when the port is taken, or others
    than this machine's users could reach it.
    """
    asked = {"id": workspace_id, "listen": listen._asdict()}
    return str(ask(info, "POST", "/serve", asked)["url"])


def stop_one(info: GatewayInfo, workspace_id: str) -> int:
    """Close the ports a workspace is served on by itself; return how many there were."""
    return cast("int", ask(info, "POST", "/unserve", {"id": workspace_id})["closed"])


def ask(info: GatewayInfo, method: str, path: str, document: object = None) -> dict[str, object]:
    """Send one request and return its answer. Raises what the gateway raised, or PlaceError when it has gone."""
    body = b"" if document is None else json.dumps(document).encode()
    head = (
        f"{method} {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = _exchange(info.control, head.encode() + body)
    first, _, rest = answer.partition(b"\r\n")
    try:
        status = int(first.split(b" ")[1])
        parsed = json.loads(rest.partition(b"\r\n\r\n")[2])
    except (ValueError, IndexError):
        raise PlaceError("the gateway broke off", hint="`cove gateway restart`, or see its log.") from None
    if status == 200:
        return cast("dict[str, object]", parsed)
    kind = getattr(errors, str(parsed.get("kind", "")), PlaceError)
    raise cast("type[CoveError]", kind)(parsed["message"], hint=parsed.get("hint", ""))


def _exchange(control: str, data: bytes) -> bytes:
    import _socket

    link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    pieces = []
    try:
        link.settimeout(PATIENCE_SECONDS)
        link.connect(control)
        link.sendall(data)
        while piece := link.recv(65536):
            pieces.append(piece)
    except OSError as error:
        raise PlaceError(f"the gateway does not answer: {error}", hint="`cove gateway restart`.") from error
    finally:
        link.close()
    return b"".join(pieces)
