"""One listener's requests: which origin they are for, whether they may come in, and where they go."""

from __future__ import annotations

import json
import re
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from cove.errors import CoveError, PlaceError
from cove.gateway import pages
from cove.gateway.admission import parse_visit, why_foreign
from cove.gateway.auth import (
    HOP_SECONDS,
    SESSION_SECONDS,
    add_token,
    cookie_name,
    cookie_values,
    split_token,
)
from cove.gateway.headers import Passage, render_relative
from cove.gateway.origins import (
    LOOPBACK_NAMES,
    Host,
    has_dot_segments,
    parse_host,
    parse_origin,
    render_url,
    split_port_path,
    split_workspace_path,
)
from cove.gateway.relay import relay
from cove.ide.launch import SESSION_COOKIE

if TYPE_CHECKING:
    from cove.gateway.admission import Visit
    from cove.gateway.auth import Keys, Tokens
    from cove.gateway.directory import Directory
    from cove.gateway.pages import Page
    from cove.gateway.views import Listen, WorkspaceView

PREFIX = re.compile(r"(?:/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)+")
ABSOLUTE = re.compile(r"((?:/[^/?]+)*?/proxy/absolute/([0-9]{1,5}))(?=[/?]|$)")
"""Where jupyter-server-proxy leaves its prefix in the path, and names it in no header."""
PROGRESS_PATH = "/_cove/progress"
LIST_PATH = "/_cove/list"
MOST_CHECKED = 1000
"""Cookies whose signature is remembered as checked."""


class Way(NamedTuple):
    """Where a request goes: what is behind, under which path, and which prefix the browser sees before it."""

    view_id: str
    port: int
    path: str
    prefix: str = ""
    sandbox: bool = False


class Door(ABC):
    """What all listeners share: the workspaces, the keys, and how a request is passed on."""

    fronted = False
    """Whether someone else's server, with a login of its own, may share the origin."""

    def __init__(self, directory: Directory, keys: Keys, tokens: Tokens, port: int) -> None:
        self.directory = directory
        self.keys = keys
        self.tokens = tokens
        self.port = port
        """The one it listens on; a session is good for no other."""
        self._checked: dict[tuple[str, str], float] = {}

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        host = parse_host(request.headers.get("Host", ""))
        path = request.raw_path
        if host is None or not path.startswith("/"):
            return web.Response(status=400, text="This is not a request for a page here.\n")
        visit = parse_visit(request.method, path, request.headers, host)
        try:
            return await self.answer(request, visit)
        except CoveError as error:
            return render(visit, pages.error_page(error.http_status, error.message, error.hint))

    @abstractmethod
    async def answer(self, request: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        """Answer a request for a host that could be one of ours."""

    # Who may come in.

    def admit(
        self, request: web.BaseRequest, visit: Visit, scope: str, cookie_path: str = "/"
    ) -> tuple[web.Response | None, bool]:
        """Return what to answer instead of the page, if anything, and whether there is a session for `scope`."""
        signed_in = self.signed_in(request, visit, scope)
        if visit.method in {"GET", "HEAD"}:
            token, clean = split_token(visit.path)
            if token and self.tokens.redeem(token, scope, time.time()):
                return self._let_in(visit, scope, clean, cookie_path), True
            if token and signed_in:
                return redirect(_relative(clean)), True
        if signed_in and (reason := why_foreign(visit)):
            page = pages.error_page(
                403, "Refused", f"This request was not made from this page itself: {reason}."
            )
            return render(visit, page), True
        return None, signed_in

    def signed_in(self, request: web.BaseRequest, visit: Visit, scope: str) -> bool:
        """Whether a request carries a session for `scope`."""
        values = cookie_values(request.headers.get("Cookie", ""), cookie_name(visit.host.port, scope))
        now = time.time()
        return any(self._expiry(value, scope) > now for value in values)

    def _expiry(self, value: str, scope: str) -> float:
        # A page asks for hundreds of files with one cookie; checking it anew was a fifth of each request.
        known = self._checked.get((value, scope))
        if known is None:
            known = self.keys.expiry(value, self._bound(scope))
            if len(self._checked) >= MOST_CHECKED:
                self._checked.clear()
            self._checked[value, scope] = known
        return known

    def _let_in(self, visit: Visit, scope: str, clean: str, cookie_path: str) -> web.Response:
        response = redirect(_relative(clean))
        response.set_cookie(
            cookie_name(visit.host.port, scope),
            self.keys.session(self._bound(scope), time.time()),
            max_age=SESSION_SECONDS,
            path=cookie_path,
            httponly=True,
            samesite="Lax",
        )
        return response

    def _bound(self, scope: str) -> str:
        return f"{scope}@{self.port}"

    def not_signed_in(self, visit: Visit, name: str = "") -> web.Response:
        """Return the page for someone without a session."""
        return render(visit, pages.login_page(name, used=bool(split_token(visit.path)[0])))

    # Where it goes.

    async def pass_on(self, request: web.BaseRequest, visit: Visit, way: Way) -> web.StreamResponse:
        """Pass a request on; if nothing answers there, say what is the matter with the workspace."""
        before = self.directory.endpoint(way.view_id)
        if before is None and not way.port:
            return await self._unreachable(visit, way, "it has no editor yet")
        try:
            return await self._relay(request, visit, way)
        except PlaceError as error:
            self.directory.failed(way.view_id)
            now = self.directory.endpoint(way.view_id)
            if now in (None, before) or request.body_exists:
                return await self._unreachable(visit, way, error.message)
        return await self._relay(request, visit, way)  # another way has been found since

    async def _relay(self, request: web.BaseRequest, visit: Visit, way: Way) -> web.StreamResponse:
        endpoint = self.directory.endpoint(way.view_id)
        passage = Passage(
            host=visit.outer_host or str(visit.host),
            scheme=request.headers.get("X-Forwarded-Proto", "http") if visit.outer_host else "http",
            peer=request.remote or "",
            prefix=way.prefix,
            port=way.port,
            secret=f"{SESSION_COOKIE}={endpoint.secret}"
            if endpoint and endpoint.secret and not way.port
            else "",
            upgrade=visit.websocket,
            sandbox=way.sandbox,
            fronted=self.fronted,
            at=way.path,
        )
        return await relay(request, way.path, passage, self.directory.pool(way.view_id, way.port))

    async def _unreachable(self, visit: Visit, way: Way, reason: str) -> web.Response:
        await self.directory.refresh(older_than=0.5)
        view = self.directory.by_id(way.view_id)
        if view is None:
            return render(visit, pages.error_page(404, "Gone", "This workspace does not exist any more."))
        if view.state == "building":
            return render(visit, pages.building_page(view, way.prefix))
        if view.state != "running":
            return render(visit, pages.stopped_page(view, way.prefix))
        return render(visit, pages.waiting_page(view, way.port, reason))

    async def progress(self, visit: Visit, view_id: str) -> web.Response:
        """Answer the page that waits for an editor: what has happened since, and whether to load it."""
        offset = re.search(r"[?&]from=([0-9]{1,12})", visit.path)
        at, events = self.directory.read_progress(view_id, int(offset[1]) if offset else 0)
        await self.directory.refresh(older_than=2.0)
        view = self.directory.by_id(view_id)
        ready = view is not None and view.state == "running" and self.directory.endpoint(view_id) is not None
        news = {"from": at, "events": events, "ready": ready, "text": _news(view)}
        return web.Response(
            text=json.dumps(news), content_type="application/json", headers=pages.SAFE_HEADERS
        )


class GatewayDoor(Door):
    """All workspaces: each an origin of its own."""

    async def answer(self, request: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        """Answer by origin; see origins.py."""
        origin = parse_origin(visit.host.name)
        if origin is None:
            return render(visit, unknown_host(visit.host))
        if origin.kind == "main":
            return await self._main(request, visit)
        view_id = self.directory.id_of(origin.label)
        if not view_id:
            view = await self.directory.find(origin.label)
            if view is None:
                return render(visit, no_workspace(origin.label.rpartition("-")[0]))
            view_id = view.id
        if origin.kind == "port":
            return await self._port(request, visit, view_id, origin.port)
        return await self._editor(request, visit, view_id)

    async def _main(  # noqa: PLR0911 - each return is one of the answers, in order
        self, request: web.BaseRequest, visit: Visit
    ) -> web.StreamResponse:
        answer, signed_in = self.admit(request, visit, "main")
        if answer:
            return answer
        found = split_workspace_path(visit.path)
        if not signed_in:
            return self.not_signed_in(visit, found[0] if found else "")
        if found is None:
            return await self._own_page(visit)
        name, prefix, rest = found
        if not rest.startswith("/"):
            return redirect(f"{prefix}/{rest}")
        view = await self.directory.find(name)
        if view is None:
            return render(visit, no_workspace(name))
        if visit.browser:
            return self._lead_on(visit, view, rest)
        return await self._pass_below(request, visit, view.id, prefix, rest)

    async def _own_page(self, visit: Visit) -> web.Response:
        plain = visit.path.partition("?")[0]
        if plain == "/":
            return render(visit, pages.list_page(await self.directory.fresh_views(), self.directory.problem))
        if plain == LIST_PATH:
            fragment = pages.render_list(await self.directory.fresh_views(), self.directory.problem)
            return web.Response(text=fragment, content_type="text/html", headers=pages.SAFE_HEADERS)
        if plain == "/favicon.ico":
            return web.Response(text=pages.ICON, content_type="image/svg+xml")
        return render(visit, pages.error_page(404, "Not found", "There is no such page here."))

    def _lead_on(self, visit: Visit, view: WorkspaceView, rest: str) -> web.Response:
        """Send a browser to the workspace's own origin, with a token that lets it in there."""
        if not visit.in_tab:
            return render(visit, pages.error_page(403, "Refused", "A workspace opens in a tab of its own."))
        if visit.site in {"cross-site", "same-site"}:
            rest = rest.partition("?")[
                0
            ]  # what a foreign page would have the editor open is none of its business
        if found := split_port_path(rest):
            return self._to_port(visit, view, found[0], found[2])
        token = self.tokens.mint(f"w/{view.id}", time.time(), HOP_SECONDS)
        return redirect(render_url(self.directory.label(view), 0, visit.host.port, add_token(rest, token)))

    def _to_port(self, visit: Visit, view: WorkspaceView, port: int, rest: str) -> web.Response:
        token = self.tokens.mint(f"p/{view.id}/{port}", time.time(), HOP_SECONDS)
        path = rest if rest.startswith("/") else f"/{rest}"
        return redirect(render_url(self.directory.label(view), port, visit.host.port, add_token(path, token)))

    async def _editor(  # noqa: PLR0911 - as above
        self, request: web.BaseRequest, visit: Visit, view_id: str
    ) -> web.StreamResponse:
        answer, signed_in = self.admit(request, visit, f"w/{view_id}")
        if answer:
            return answer
        if not signed_in:
            view = self.directory.by_id(view_id)
            name = view.name if view else ""
            if visit.browser and visit.in_tab and not split_token(visit.path)[0]:
                return redirect(f"http://{Host('localhost', visit.host.port)}/w/{name}{visit.path}")
            return self.not_signed_in(visit, name)
        if visit.path.startswith(PROGRESS_PATH):
            return await self.progress(visit, view_id)
        if visit.path.startswith("/proxy/") and (found := split_port_path(visit.path)):
            view = self.directory.by_id(view_id)
            if visit.browser and visit.navigation and view is not None:
                return self._to_port(visit, view, found[0], found[2])
            return await self._pass_below(request, visit, view_id, "", visit.path)
        return await self.pass_on(request, visit, Way(view_id, 0, visit.path))

    async def _port(
        self, request: web.BaseRequest, visit: Visit, view_id: str, port: int
    ) -> web.StreamResponse:
        answer, signed_in = self.admit(request, visit, f"p/{view_id}/{port}")
        if answer:
            return answer
        if signed_in:
            return await self.pass_on(request, visit, Way(view_id, port, visit.path))
        view = self.directory.by_id(view_id)
        if view is not None and visit.browser and visit.navigation and not split_token(visit.path)[0]:
            # The workspace's origin is of the same site: its cookie travels into a frame as well.
            label = self.directory.label(view)
            return redirect(render_url(label, 0, visit.host.port, f"/proxy/{port}{visit.path}"))
        return self.not_signed_in(visit, view.name if view else "")

    async def _pass_below(
        self, request: web.BaseRequest, visit: Visit, view_id: str, prefix: str, rest: str
    ) -> web.StreamResponse:
        """Pass on for a program that runs no pages: editor and ports are paths below one prefix."""
        way = choose_way(view_id, prefix, rest, sandbox=True)
        return way if isinstance(way, web.Response) else await self.pass_on(request, visit, way)


class OneDoor(Door):
    """One workspace at `/`, its ports at `/proxy/PORT/`: for a port of its own, or behind someone else's prefix."""

    fronted = True

    def __init__(
        self, directory: Directory, keys: Keys, tokens: Tokens, port: int, *, view_id: str, listen: Listen
    ) -> None:
        super().__init__(directory, keys, tokens, port)
        self.view_id = view_id
        self.listen = listen
        self.scope = f"one/{view_id}"

    async def answer(  # noqa: PLR0911 - as above
        self, request: web.BaseRequest, visit: Visit
    ) -> web.StreamResponse:
        """Answer for the one workspace."""
        if not self._knows(visit.host):
            return render(visit, unknown_host(visit.host))
        outer = parse_host(request.headers.get("X-Forwarded-Host", "").partition(",")[0].strip())
        visit = visit._replace(outer_host=str(outer)) if outer else visit
        prefix, path = self._split_prefix(request, visit)
        if not path:
            return redirect(render_relative(f"{prefix}/", prefix))
        if self.listen.auth == "token":
            answer, signed_in = self.admit(request, visit, self.scope, prefix or "/")
            if answer:
                return answer
            if not signed_in:
                view = self.directory.by_id(self.view_id)
                return self.not_signed_in(visit, view.name if view else "")
        elif reason := why_foreign(visit):
            return render(
                visit, pages.error_page(403, "Refused", f"This request is not from this page: {reason}.")
            )
        if path.startswith(PROGRESS_PATH):
            return await self.progress(visit, self.view_id)
        way = choose_way(self.view_id, prefix, path)
        return way if isinstance(way, web.Response) else await self.pass_on(request, visit, way)

    def _knows(self, host: Host) -> bool:
        # Only its owner can reach a unix socket, and a web page none: there is no name to be misled by. And behind
        # Jupyter the name is that of its host; a name that was rebound brings no session, so nothing is behind it.
        if self.listen.socket or self.listen.auth == "token" or host.name in LOOPBACK_NAMES:
            return True
        return "*" in self.listen.allow_hosts or host.name in self.listen.allow_hosts

    def _split_prefix(self, request: web.BaseRequest, visit: Visit) -> tuple[str, str]:
        """Return the prefix the browser sees, and the path below it; an empty path where the slash is missing."""
        base = self.listen.base_path.rstrip("/")
        if not base and (found := ABSOLUTE.match(visit.path)) and int(found[2]) == self.port:
            base = found[1]
        if base and (visit.path == base or visit.path.startswith((f"{base}/", f"{base}?"))):
            rest = visit.path[len(base) :]
            return base, rest if rest.startswith("/") else ""
        return read_prefix(request) or base, visit.path


def read_prefix(request: web.BaseRequest) -> str:
    """Return the prefix that a front has taken off the path; empty for none, or one that is not a path."""
    given = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    return given if PREFIX.fullmatch(given) else ""


def choose_way(view_id: str, prefix: str, path: str, *, sandbox: bool = False) -> Way | web.Response:
    """Return where a path below a prefix leads: to a port inside, or else to the editor."""
    if has_dot_segments(path):
        return web.Response(status=400, text="A path must not go up.\n")
    found = split_port_path(path)
    if found is None:
        return Way(view_id, 0, path, prefix, sandbox)
    port, port_prefix, rest = found
    if not rest.startswith("/"):
        return redirect(render_relative(f"{prefix}{port_prefix}/{rest}", prefix + port_prefix))
    return Way(view_id, port, rest, prefix + port_prefix, sandbox)


def unknown_host(host: Host) -> Page:
    """Return the page for a name that leads here and should not: a rebound DNS name, or a front nobody told of."""
    return pages.error_page(
        421, "Unknown host", f"cove does not answer to the name {host.name!r}.", f"--allow-host {host.name}"
    )


def no_workspace(name: str) -> Page:
    """Return the page for a workspace that is not there."""
    return pages.error_page(
        404, "No such workspace", f"There is no workspace {name!r} here. These are:", "cove ls"
    )


def _news(view: WorkspaceView | None) -> str:
    if view is None:
        return "This workspace does not exist any more."
    words = {
        "running": "The editor is starting…",
        "building": "The editor opens here as soon as it runs.",
        "failed": "It failed. `cove up` tries again.",
    }
    return words.get(view.state, "")


def _relative(path: str) -> str:
    # Relative to itself, so that it holds under whatever prefix the browser sees.
    plain, mark, query = path.partition("?")
    return f"./{plain.rpartition('/')[2]}{mark}{query}"


def redirect(location: str) -> web.Response:
    """Return an answer that leads elsewhere."""
    return web.Response(status=303, headers={**pages.SAFE_HEADERS, "Location": location})


def render(visit: Visit, page: Page) -> web.Response:
    """Return a page, or for a program its gist: the one thing it can show a person."""
    if visit.browser and visit.navigation:
        return web.Response(
            status=page.status, text=page.html, content_type="text/html", headers=page.headers
        )
    text = re.sub(r"<(style|script|title|svg)\b.*?</\1>", "", page.html, flags=re.DOTALL)
    text = re.sub(r"\s*(<[^>]+>)+\s*", "\n", text)
    from html import unescape

    return web.Response(status=page.status, text=unescape(text).strip() + "\n", headers=pages.SAFE_HEADERS)
