"""Who may come in: one-use tokens in links, then a cookie of the origin's own.

A session cookie is an expiry time and a signature over what it opens, made with a secret only the owner can read
(`STATE/gateway/secret`, 0600). Nothing is stored, so a restart keeps people in. It opens one origin only, and only on
the gateway port it was given out by: whoever else listens on that port later gets a cookie that opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import NamedTuple

TOKEN_PREFIX = "cove_"  # noqa: S105 - how ours are told from an application's own `token`
COOKIE_PREFIX = "cove_"
SESSION_SECONDS = 30 * 24 * 3600
LINK_SECONDS = 3600
"""How long a link that a person was given opens the door."""
HOP_SECONDS = 60
"""How long a token lives that only travels in a redirect."""
MOST_TOKENS = 10_000


class Keys(NamedTuple):
    """The secret, and what is derived from it."""

    secret: bytes

    def label(self, name: str, workspace_id: str) -> str:
        """Return `NAME-RANDOM`: the same after a restart and after `rm`, so a browser's storage stays its own."""
        digest = hmac.digest(self.secret, f"label|{workspace_id}".encode(), "sha256")
        return f"{name}-{base64.b32encode(digest)[:10].decode().lower()}"

    def session(self, scope: str, now: float) -> str:
        """Return a cookie's value that opens `scope` until SESSION_SECONDS from now."""
        expiry = f"{int(now) + SESSION_SECONDS:x}"
        return f"{expiry}.{self._signature(scope, expiry)}"

    def expiry(self, value: str, scope: str) -> float:
        """Return until when a cookie's value opens `scope`, in seconds since 1970; 0 if it never did."""
        expiry, _, signature = value.partition(".")
        right = self._signature(scope, expiry)
        return float(int(expiry, 16)) if hmac.compare_digest(signature.encode(), right.encode()) else 0.0

    def _signature(self, scope: str, expiry: str) -> str:
        digest = hmac.digest(self.secret, f"session|{scope}|{expiry}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Tokens:
    """The tokens that are out: each opens one scope, once, for a while. They die with the process."""

    def __init__(self) -> None:
        self._out: dict[bytes, tuple[str, float]] = {}

    def mint(self, scope: str, now: float, seconds: float) -> str:
        """Return a new token for `scope`."""
        self._out = {key: entry for key, entry in self._out.items() if entry[1] > now}
        while len(self._out) >= MOST_TOKENS:
            del self._out[next(iter(self._out))]
        token = TOKEN_PREFIX + secrets.token_urlsafe(24)
        self._out[_digest(token)] = (scope, now + seconds)
        return token

    def redeem(self, token: str, scope: str, now: float) -> bool:
        """Whether a token opens `scope`; it never will again. One for another scope stays good for that."""
        # Looked up by digest: what a lookup's duration tells about a digest helps nobody to guess the token.
        key = _digest(token)
        known, expiry = self._out.get(key, ("", 0.0))
        if known != scope:
            return False
        del self._out[key]
        return expiry > now


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def cookie_name(outer_port: str, scope: str) -> str:
    """Return the name of the session cookie. Cookies know no ports, so the name does."""
    kind, _, rest = scope.partition("/")
    return f"{COOKIE_PREFIX}{outer_port or '0'}" + (f"_{rest[:12]}" if kind == "one" else "")


def cookie_values(header: str, name: str) -> list[str]:
    """Return all values a Cookie header has for a name; a page may have planted one more, so each is tried."""
    if name not in header:
        return []
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return [value for key, _, value in pairs if key == name]


def split_token(path: str) -> tuple[str, str]:
    """Return cove's token in a path's query and the path without it; ("", path) when there is none.

    An application's own `token` is left alone.

    >>> split_token("/lab?a=1&token=cove_x&b=2")
    ('cove_x', '/lab?a=1&b=2')
    """
    if f"token={TOKEN_PREFIX}" not in path:
        return "", path
    plain, _, query = path.partition("?")
    words = query.split("&")
    ours = [word for word in words if word.startswith(f"token={TOKEN_PREFIX}")]
    rest = "&".join(word for word in words if word not in ours)
    return (ours[-1].removeprefix("token=") if ours else ""), f"{plain}?{rest}" if rest else plain


def add_token(url: str, token: str) -> str:
    """Return a URL with a token in its query."""
    return f"{url}{'&' if '?' in url else '?'}token={token}"
