"""The gateway's own door for `up`, `open` and the rest of cove: HTTP over a unix socket only its owner can reach."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from aiohttp import web

import cove
from cove.errors import CoveError, NotFound
from cove.gateway.auth import LINK_SECONDS, add_token
from cove.gateway.views import Listen, parse_view
from cove.places.base import Endpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cove.gateway.server import Gateway

LARGEST_REQUEST = 1 << 20


class Control:
    """Answers the requests of gateway/client.py."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._verbs: dict[tuple[str, str], Callable[[dict[str, object]], Awaitable[object]]] = {
            ("GET", "/info"): self._info,
            ("GET", "/workspaces"): self._list,
            ("POST", "/workspaces"): self._register,
            ("POST", "/forget"): self._forget,
            ("POST", "/token"): self._mint,
            ("POST", "/serve"): self._serve,
            ("POST", "/unserve"): self._unserve,
            ("POST", "/stop"): self._stop,
        }

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; what a person can act on travels as JSON."""
        verb = self._verbs.get((request.method, request.path))
        if verb is None:
            return web.json_response(
                {"message": f"no such request: {request.method} {request.path}"}, status=404
            )
        try:
            asked = await request.json() if request.body_exists else {}
            return web.json_response(await verb(asked))
        except CoveError as error:
            answer = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
            return web.json_response(answer, status=error.http_status)
        except (ValueError, TypeError, KeyError) as error:
            return web.json_response({"message": f"not understood: {error!r}"}, status=400)

    async def _info(self, _: dict[str, object]) -> object:
        return {
            "version": cove.__version__,
            "pid": os.getpid(),
            "port": self._gateway.port,
            "workspaces": len(self._gateway.directory.views()),
            "listeners": [listener.describe() for listener in self._gateway.listeners.values()],
        }

    async def _list(self, _: dict[str, object]) -> object:
        views = await self._gateway.directory.fresh_views()
        return {"workspaces": [view._asdict() for view in views], "problem": self._gateway.directory.problem}

    async def _register(self, asked: dict[str, object]) -> object:
        view = parse_view(asked["view"])
        endpoint = Endpoint(**asked["endpoint"]) if asked.get("endpoint") else None  # type: ignore[arg-type]
        self._gateway.directory.register(view, endpoint)
        return {}

    async def _forget(self, asked: dict[str, object]) -> object:
        self._gateway.directory.forget(str(asked["id"]))
        return {}

    async def _mint(self, asked: dict[str, object]) -> object:
        path = str(asked.get("path", ""))
        if word := str(asked.get("workspace", "")):
            view = await self._gateway.directory.find(word)
            if view is None:
                raise NotFound(f"no workspace `{word}`", hint="`cove ls` lists them.")
            path = f"/w/{view.name}/{path.lstrip('/')}"
        token = self._gateway.tokens.mint("main", time.time(), LINK_SECONDS)
        return {"url": add_token(f"{self._gateway.url}{path or '/'}", token), "token": token}

    async def _serve(self, asked: dict[str, object]) -> object:
        return {"url": await self._gateway.serve_one(str(asked["id"]), parse_listen(asked["listen"]))}

    async def _unserve(self, asked: dict[str, object]) -> object:
        return {"closed": await self._gateway.stop_one(str(asked["id"]))}

    async def _stop(self, _: dict[str, object]) -> object:
        self._gateway.stopping.set()
        return {}


def parse_listen(document: object) -> Listen:
    """Return a Listen from JSON. Raises TypeError."""
    if not isinstance(document, dict):
        raise TypeError(f"not a listener: {document!r}")
    return Listen(**{**document, "allow_hosts": tuple(document.get("allow_hosts", ()))})
