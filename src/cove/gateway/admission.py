"""What a request says of where it comes from, and whether that may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.gateway.origins import is_own_origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.gateway.origins import Host

FRAMES = frozenset({"iframe", "frame"})


class Visit(NamedTuple):
    """A request, as far as its headers tell who asks and how. Pages cannot forge the `Sec-Fetch-` ones."""

    method: str
    host: Host
    path: str
    """As it came: with the query, percent signs untouched."""
    origin: str | None
    site: str
    mode: str
    dest: str
    agent: str
    websocket: bool
    outer_host: str = ""
    """What a front before this one says the browser asked for."""

    @property
    def browser(self) -> bool:
        """Whether a browser asks, where a page could read the answer."""
        return bool(self.mode) or self.agent.startswith("Mozilla/")

    @property
    def navigation(self) -> bool:
        """Whether the answer becomes a page of its own: in a tab, or in a frame of the same site."""
        if self.method not in {"GET", "HEAD"} or self.websocket:
            return False
        if not self.mode:
            return True  # too old a browser to say, or none
        return self.mode == "navigate" and (
            self.dest not in FRAMES or self.site in {"same-origin", "same-site"}
        )

    @property
    def in_tab(self) -> bool:
        """Whether the answer becomes a page in a tab, not in a frame."""
        return self.navigation and self.dest not in FRAMES


def parse_visit(method: str, path: str, headers: Mapping[str, str], host: Host) -> Visit:
    """Return what a request's headers tell."""
    get = headers.get
    upgrade = get("Upgrade", "").lower() == "websocket" and "upgrade" in get("Connection", "").lower()
    return Visit(
        method,
        host,
        path,
        get("Origin"),
        get("Sec-Fetch-Site", ""),
        get("Sec-Fetch-Mode", ""),
        get("Sec-Fetch-Dest", ""),
        get("User-Agent", ""),
        upgrade and method == "GET",
    )


def why_foreign(visit: Visit) -> str:
    """Return why a request that carries a session was not made by this origin's own page; empty when it was.

    A browser adds the cookie to whatever any page asks for, so the cookie alone says nothing about who asks.
    """
    if visit.origin is None:
        if visit.websocket:
            return "a WebSocket must name its Origin"
    elif not _is_own(visit):
        return f"it was made by a page of {visit.origin[:200]}"
    if visit.site in {"cross-site", "same-site"} and not visit.navigation:
        return "it was made by a page of another origin"
    return ""


def _is_own(visit: Visit) -> bool:
    origin = visit.origin or ""
    if origin == "null":  # a form on a page that hides its referrer; the browser vouches for it
        return visit.site == "same-origin" and not visit.websocket
    return is_own_origin(origin, str(visit.host)) or bool(
        visit.outer_host and is_own_origin(origin, visit.outer_host)
    )
