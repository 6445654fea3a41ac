"""Headers on their way through: what stops here, what is added, what is put right.

Both ways they are lists of (name, value) in bytes, as they came.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.gateway.auth import COOKIE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Headers = Sequence[tuple[bytes, bytes]]

# RFC 9110, section 7.6.1, and the older ones still met; framing is each connection's own.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"content-length",
    }
)
# Said anew, or answered here.
REPLACED = HOP_BY_HOP | {
    b"host",
    b"expect",
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-real-ip",
    b"x-cove-door",
}
OURS = COOKIE_PREFIX.encode()
DOOR_HEADER = "X-Cove-Door"
"""What a front before cove proves itself with, where it cannot come by a unix socket."""
FRONT_LOGINS = (b"username-", b"jupyterhub-")
"""How the cookies begin that open Jupyter and JupyterHub. Whoever has one runs programs on the host."""
LOCAL_URL = re.compile(rb"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::([0-9]+))?(?=[/?#]|$)")


class Passage(NamedTuple):
    """How one request is passed on: everything about it that headers must tell or hide."""

    host: str
    """The Host the browser used."""
    scheme: str = "http"
    peer: str = ""
    prefix: str = ""
    """The path, as the browser sees it, below which the target's `/` lies."""
    port: int = 0
    """The port inside, 0 for the editor."""
    secret: str = ""
    """The editor's own session cookie, `name=value`, if it wants one."""
    upgrade: bool = False
    sandbox: bool = False
    """Whether a browser that shows the answer after all must keep it apart from this origin."""
    fronted: bool = False
    """Whether Jupyter may stand before cove on the same origin: its login must not reach what is inside."""
    at: str = ""
    """The path below `prefix` that is asked for; redirects are spelt relative to it."""


def render_request(method: str, path: str, headers: Headers, passage: Passage, framing: bytes) -> bytes:
    """Return the head of the request to send on.

    A port's program is told that it is asked as `localhost:PORT`, in Host and Origin alike, as when a person runs
    it on their own machine: so the checks that Jupyter, Streamlit, Vite and others make on both pass. The editor
    compares Origin with Host itself and gets both as they came. `framing` is the header that says how long the
    body is, empty for none.
    """
    local = b"localhost:%d" % passage.port
    host = local if passage.port else passage.host.encode("latin-1")
    lines = [b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (method.encode(), path.encode("latin-1"), host)]
    named = _named_by_connection(headers)
    for name, value in headers:
        key = name.lower()
        if key in REPLACED or key in named:
            continue
        if key == b"cookie":
            value = strip_cookies(  # noqa: PLW2901 - the one that travels on
                value, passage.secret.encode(), fronted=passage.fronted
            )
            if not value:
                continue
        elif key == b"authorization" and passage.fronted and value.lower().startswith(b"token "):
            continue
        elif key == b"origin" and passage.port:
            value = b"http://" + local  # noqa: PLW2901 - checked before; see above
        lines.append(b"%s: %s\r\n" % (name, value))
    if passage.secret and not any(name.lower() == b"cookie" for name, _ in headers):
        lines.append(b"Cookie: %s\r\n" % passage.secret.encode())
    lines.append(_forwarded(passage))
    lines.append(
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n" if passage.upgrade else b"Connection: keep-alive\r\n"
    )
    lines.append(framing)
    lines.append(b"\r\n")
    return b"".join(lines)


def _forwarded(passage: Passage) -> bytes:
    lines = f"X-Forwarded-Host: {passage.host}\r\nX-Forwarded-Proto: {passage.scheme}\r\n"
    if passage.peer:
        lines += f"X-Forwarded-For: {passage.peer}\r\n"
    if passage.prefix:
        lines += f"X-Forwarded-Prefix: {passage.prefix}\r\n"
    return lines.encode("latin-1")


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    for name, value in headers:
        if name.lower() == b"connection" and value.lower() not in (b"keep-alive", b"upgrade", b"close"):
            return frozenset(word.strip() for word in value.lower().split(b","))
    return frozenset()


def strip_cookies(value: bytes, secret: bytes = b"", *, fronted: bool = False) -> bytes:
    """Return a Cookie header without cove's own cookies, and with the editor's session if there is one.

    The browser sends the cookies of every cove on this host, since cookies know no ports; none goes further. Nor do
    the logins of a front that shares its origin with us.
    """
    if OURS not in value and not secret and not fronted:
        return value
    kept_out = (OURS, *FRONT_LOGINS) if fronted else (OURS,)
    forged = secret.partition(b"=")[0] + b"=" if secret else OURS
    pairs = [pair.strip() for pair in value.split(b";")]
    kept = [pair for pair in pairs if pair and not pair.startswith((*kept_out, forged))]
    return b"; ".join([*kept, secret] if secret else kept)


def filter_response(headers: Iterable[tuple[bytes, bytes]], passage: Passage) -> list[bytes]:
    """Return the header lines of an answer that travel on, without the framing."""
    headers = list(headers)
    named = _named_by_connection(headers)
    lines = []
    for name, value in headers:
        key = name.lower()
        if key in HOP_BY_HOP or key in named:
            continue
        if key == b"set-cookie":
            value = narrow_cookie(value, passage.prefix.encode("latin-1"))  # noqa: PLW2901 - as above
            if not value:
                continue
        elif key == b"location":
            value = render_location(value, passage)  # noqa: PLW2901 - as above
        lines.append(b"%s: %s\r\n" % (name, value))
    if passage.sandbox:
        lines.append(b"Content-Security-Policy: sandbox\r\n")
    return lines


def narrow_cookie(value: bytes, prefix: bytes = b"") -> bytes:
    """Return a Set-Cookie value confined to its own host and prefix; empty for one that imitates cove's."""
    first, *attributes = (part.strip() for part in value.split(b";"))
    if first.startswith(OURS):
        return b""
    kept = [first]
    for attribute in attributes:
        word, _, given = (part.strip() for part in attribute.partition(b"="))
        if word.lower() == b"path" and given.startswith(b"/"):
            inside = not prefix or given == prefix or given.startswith(prefix + b"/")
            kept.append(b"Path=" + (given if inside else prefix + given))
        elif word.lower() not in (b"domain", b"path"):
            kept.append(attribute)
    return b"; ".join(kept)


def render_location(value: bytes, passage: Passage) -> bytes:
    """Return where an answer leads, as the browser must spell it.

    A port's program believes to be at `localhost:PORT` and says so in redirects; and under a prefix, `/` is not
    its own.
    """
    if passage.port and (found := LOCAL_URL.match(value)) and int(found[1] or b"80") == passage.port:
        value = value[found.end() :]
        value = value if value.startswith(b"/") else b"/" + value
    if passage.prefix and value.startswith(b"/") and not value.startswith(b"//"):
        prefix = passage.prefix.encode("latin-1")
        whole = value if value.startswith(prefix + b"/") else prefix + value
        here = prefix + (passage.at or "/").encode("latin-1")
        return render_relative(whole.decode("latin-1"), here.decode("latin-1")).encode("latin-1")
    return value


def render_relative(target: str, here: str) -> str:
    """Return a path as seen from another one: some fronts prepend their prefix to a Location that begins with `/`.

    >>> render_relative("/nb/w/digits/", "/nb/open/x/y?z")
    '../../w/digits/'
    """
    path, mark, query = target.partition("?")
    there, folder = path.split("/"), here.partition("?")[0].split("/")[:-1]
    common = 0
    while common < min(len(there) - 1, len(folder)) and there[common] == folder[common]:
        common += 1
    rest = "../" * (len(folder) - common) + "/".join(there[common:])
    return f"{rest if rest.startswith('../') else f'./{rest}'}{mark}{query}"
