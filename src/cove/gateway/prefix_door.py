"""All workspaces below someone else's prefix, behind someone else's login: Jupyter's.

There is one origin for everything there, Jupyter's own, so what keeps pages of different workspaces apart elsewhere
cannot. What can be kept is: Jupyter's login never reaches a container, and no page of another origin gets in.

    PREFIX/                  the list
    PREFIX/open/FOLDER       brings up the workspace of a folder below Jupyter's root, and becomes its editor
    PREFIX/w/NAME/           a workspace; its ports are at PREFIX/w/NAME/proxy/PORT/
"""

from __future__ import annotations

import hmac
import json
import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote

from aiohttp import web

from cove.errors import CoveError
from cove.gateway import pages
from cove.gateway.admission import why_foreign
from cove.gateway.auth import Tokens
from cove.gateway.door import (
    LIST_PATH,
    PROGRESS_PATH,
    Door,
    choose_way,
    no_workspace,
    read_prefix,
    redirect,
    render,
)
from cove.gateway.headers import DOOR_HEADER, render_relative
from cove.gateway.origins import parse_host, split_workspace_path

if TYPE_CHECKING:
    from cove.gateway.admission import Visit
    from cove.gateway.auth import Keys
    from cove.gateway.directory import Directory
    from cove.gateway.starts import Starts

UP_PATH = "/_cove/up"
LARGEST_QUESTION = 1 << 16


class PrefixDoor(Door):
    """Admits whoever the front lets through: by a unix socket only its owner can reach, or by a secret in a header."""

    fronted = True

    def __init__(self, directory: Directory, keys: Keys, starts: Starts, *, root: str, secret: str) -> None:
        super().__init__(directory, keys, Tokens(), 0)
        self.starts = starts
        self.root = root
        self.secret = secret

    async def answer(self, request: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        """Answer below the prefix that the front has taken off."""
        given = request.headers.get(DOOR_HEADER, "")
        if self.secret and not hmac.compare_digest(given.encode(), self.secret.encode()):
            return web.Response(status=401, text="This is reached through Jupyter.\n")
        outer = parse_host(request.headers.get("X-Forwarded-Host", "").partition(",")[0].strip())
        visit = visit._replace(outer_host=str(outer)) if outer else visit
        prefix = read_prefix(request)
        if reason := why_foreign(visit):
            page = pages.error_page(403, "Refused", f"This request is not from this page: {reason}.")
            return render(visit, page)
        found = split_workspace_path(visit.path)
        if found is None:
            return await self._own_page(request, visit, prefix)
        return await self._workspace(request, visit, prefix, found)

    async def _workspace(
        self, request: web.BaseRequest, visit: Visit, prefix: str, found: tuple[str, str, str]
    ) -> web.StreamResponse:
        name, below, rest = found
        if not rest.startswith("/"):
            return redirect(render_relative(f"{prefix}{below}/{rest}", prefix + below))
        view = await self.directory.find(name)
        if view is None:
            return render(visit, no_workspace(name))
        if rest.startswith(PROGRESS_PATH):
            return await self.progress(visit, view.id)
        if visit.navigation and view.state in {"stopped", "failed"} and view.folder:
            target = f"{prefix}/open?folder={quote(view.folder)}"
            return redirect(render_relative(target, prefix + visit.path))
        way = choose_way(view.id, prefix + below, rest)
        if isinstance(way, web.Response):
            return way
        # The editor has no such word, Jupyter has; a program inside may well have one of its own.
        return await self.pass_on(
            request, visit, way if way.port else way._replace(path=drop_token(way.path))
        )

    async def _own_page(self, request: web.BaseRequest, visit: Visit, prefix: str) -> web.Response:
        plain, _, query = visit.path.partition("?")
        if plain == "/":
            views = await self.directory.fresh_views()
            return render(visit, pages.list_page(views, self.directory.problem, base=prefix, can_start=True))
        if plain == LIST_PATH:
            views = await self.directory.fresh_views()
            text = pages.render_list(views, self.directory.problem, base=prefix, can_start=True)
            return web.Response(text=text, content_type="text/html", headers=pages.SAFE_HEADERS)
        if plain == UP_PATH:
            return await self._up(request, query)
        if plain == "/open" or plain.startswith("/open/"):
            folder = find_folder(self.root, plain.removeprefix("/open"), query)
            # Only a page of this origin, or the person, starts something by a link alone.
            auto = visit.site in {"same-origin", "none"}
            return render(visit, pages.starting_page(folder, prefix, auto=auto))
        if plain == "/favicon.ico":
            return web.Response(text=pages.ICON, content_type="image/svg+xml")
        return render(visit, pages.error_page(404, "Not found", "There is no such page here."))

    async def _up(self, request: web.BaseRequest, query: str) -> web.Response:
        """Begin an `up` (POST) or tell how it goes on (GET): what a starting page asks."""
        try:
            news = await self._begin(request) if request.method == "POST" else await self._tell(query)
        except CoveError as error:
            return web.Response(status=400, text="\n".join(filter(None, (error.message, error.hint))))
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400, text="This is not understood.\n")
        return web.json_response(news, headers=pages.SAFE_HEADERS)

    async def _begin(self, request: web.BaseRequest) -> dict[str, object]:
        data = await request.content.read(LARGEST_QUESTION)
        asked = json.loads(data)
        workspace_id = self.starts.begin(str(asked["folder"]), trust=asked.get("trust") is True)
        return {"id": workspace_id}

    async def _tell(self, query: str) -> dict[str, object]:
        asked = parse_qs(query)
        workspace_id = asked["id"][0]
        code = self.starts.code(workspace_id)  # asked first, so that nothing it said at its end is missed
        at, events = self.directory.read_progress(workspace_id, int(asked["from"][0]))
        news: dict[str, object] = {"from": at, "events": events}
        if code == 0:
            self.directory.failed(workspace_id)
            await self.directory.refresh()
            news["name"] = self.starts.name(workspace_id)
        elif code is not None:
            news["failure"] = self.starts.failure(workspace_id)._asdict()
        return news


def drop_token(path: str) -> str:
    """Return a path without `token` in its query: Jupyter's, by which a link or a program came in.

    >>> drop_token("/?folder=/x&token=abc")
    '/?folder=/x'
    """
    plain, _, query = path.partition("?")
    kept = "&".join(word for word in query.split("&") if not word.startswith("token="))
    return f"{plain}?{kept}" if kept else plain


def find_folder(root: str, path: str, query: str) -> str:
    """Return the folder that a link means: `?folder=` an absolute one, else one below Jupyter's root."""
    named = parse_qs(query).get("folder", [""])[0]
    if os.path.isabs(named):
        return os.path.normpath(named)
    return os.path.normpath(f"{root}/{unquote(path).strip('/')}")
