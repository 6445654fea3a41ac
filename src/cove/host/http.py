"""The HTTP client: the host's authorities and proxies, patience, and errors that say what to do."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from cove.errors import NetworkError
from cove.host.route import choose_proxy, read_authorities, render_login

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import urllib3

    OnProgress = Callable[[int, int], None]
    """Called with the bytes received and the bytes expected (0 where the server does not say)."""

OFFLINE = "_COVE_ASKS_NOBODY"
"""What a session puts among a machine's variables when no other machine is to be asked."""
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
REDIRECTS = 6
CONNECTIONS = 4
"""How many are kept to one host, for callers that download in threads."""
RETRIED_STATUS = (408, 425, 429, 500, 502, 503, 504)
CHUNK_BYTES = 1 << 18
PAUSES_SECONDS = (0.5, 2.0, 5.0)
LONGEST_PAUSE_SECONDS = 20.0


class Unreachable(NetworkError):  # noqa: N818 - named by what it says of the host
    """The host could not be talked to at all; `passing` says whether another try may help."""

    def __init__(self, message: str, *, hint: str = "", detail: str = "", passing: bool = True) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.passing = passing


class Response(NamedTuple):
    """What a server answered; header names are in lower case."""

    url: str
    """After redirects."""
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


class Download(NamedTuple):
    """A file that arrived whole."""

    path: str
    url: str
    """After redirects."""
    sha256: str
    size: int
    """Bytes."""


class HttpClient:
    """Keeps connections, and asks with the host's authorities and proxies.

    `env` is the host's environment (proxies, CA_VARIABLES of `route`); `ca_files` are PEM files of further authorities.
    With `attempts` of 1 nothing is retried; `connect_seconds` bounds the wait for a host that says nothing.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        ca_files: tuple[str, ...] = (),
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        attempts: int = 3,
    ) -> None:
        self.env = env
        self.ca_files = ca_files
        self.patience = (connect_seconds, read_seconds)
        self.attempts = attempts
        self._pools: dict[str, urllib3.PoolManager] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = 64 << 20,
    ) -> Response:
        """Ask, follow redirects, and return whatever status comes; `limit` bounds the body, in bytes.

        Raises NetworkError when the host cannot be reached or its certificate is not trusted.
        """
        response, final = self._open(method, url, dict(headers or {}), body)
        with _reading(final), contextlib.closing(response):
            data = response.read(limit + 1, decode_content=True)
            if len(data) > limit:
                raise NetworkError(f"{_host(final)} answered with more than {limit} bytes")
        return Response(final, response.status, _plain(response), data)

    def fetch(self, url: str, *, headers: Mapping[str, str] | None = None, limit: int = 64 << 20) -> bytes:
        """Return the body of a GET that must succeed. Raises NetworkError naming the host and the status."""
        response = self.request("GET", url, headers=headers, limit=limit)
        if not response.ok:
            raise refused(response.url, response.status)
        return response.body

    def download(
        self,
        url: str,
        target: str,
        *,
        sha256: str = "",
        headers: Mapping[str, str] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Download:
        """Fetch a file to `target`, which appears only when it is whole and has that SHA-256, if any.

        A connection that breaks off is tried again. Raises NetworkError.
        """
        import time

        for attempt in range(self.attempts):
            try:
                return self._download_once(url, target, sha256.lower(), dict(headers or {}), on_progress)
            except _BrokenOff as broken:
                if attempt + 1 == self.attempts:
                    raise broken.error from broken
                time.sleep(PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS) - 1)])
        raise AssertionError("attempts is at least 1")

    def _download_once(
        self, url: str, target: str, sha256: str, headers: dict[str, str], on_progress: OnProgress | None
    ) -> Download:
        import hashlib

        response, final = self._open("GET", url, headers, None)
        if not 200 <= response.status < 300:
            response.close()
            raise refused(final, response.status)
        expected = int(response.headers.get("content-length") or 0)
        temporary = f"{target}.{os.getpid()}-{os.urandom(4).hex()}.part"
        digest, received = hashlib.sha256(), 0
        try:
            with (
                open(temporary, "xb", opener=_private) as file,
                contextlib.closing(response),
                _reading(final, kind=_BrokenOff),
            ):
                for chunk in response.stream(CHUNK_BYTES, decode_content=False):
                    file.write(chunk)
                    digest.update(chunk)
                    received += len(chunk)
                    if on_progress is not None:
                        on_progress(received, expected)
            _check_arrived(final, received, expected, digest.hexdigest(), sha256)
            os.replace(temporary, target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        return Download(target, final, digest.hexdigest(), received)

    def _open(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[urllib3.BaseHTTPResponse, str]:
        """Return the answer, its body not yet read, after redirects; and the URL that gave it."""
        for _ in range(REDIRECTS):
            response = self._ask_patiently(method, url, headers, body)
            location = response.headers.get("location", "")
            if response.status not in {301, 302, 303, 307, 308} or not location:
                return response, url
            response.drain_conn()
            following = urljoin(url, location)
            check_redirect(url, following)
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                headers = {
                    name: value for name, value in headers.items() if name.lower() not in PRIVATE_HEADERS
                }
            if response.status == 303 or (response.status in {301, 302} and method == "POST"):
                method, body = "GET", None
            url = following
        raise NetworkError(f"{_host(url)} redirects in a circle", hint=f"The address was {url}.")

    def _ask_patiently(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        import time

        for attempt in range(self.attempts):
            last = attempt + 1 == self.attempts
            pause = PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS) - 1)]
            try:
                response = self._ask(method, url, headers, body)
            except Unreachable as error:
                if last or not error.passing:
                    raise
            else:
                if last or response.status not in RETRIED_STATUS:
                    return response
                said = response.headers.get("retry-after", "")
                pause = min(float(said), LONGEST_PAUSE_SECONDS) if said.isdigit() else pause
                response.close()
            time.sleep(pause)
        raise AssertionError("attempts is at least 1")

    def _ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        import urllib3

        if self.env.get(OFFLINE):
            raise Unreachable(
                f"{url} is needed, and cove is offline",
                hint="Run once without --offline and the setting `offline`, where there is a network.",
                passing=False,
            )
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise NetworkError(f"{url!r} is not an http or https address")
        try:
            return self._pool(url).request(
                method,
                url,
                headers={"user-agent": "cove", **headers},
                body=body,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=self.patience[0], read=self.patience[1]),
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise unreachable(url, error, choose_proxy(url, self.env)) from error

    def _pool(self, url: str) -> urllib3.PoolManager:
        import urllib3

        proxy = choose_proxy(url, self.env)
        if proxy not in self._pools:
            context = read_authorities(self.env, self.ca_files)
            if not proxy:
                self._pools[proxy] = urllib3.PoolManager(ssl_context=context, maxsize=CONNECTIONS)
            elif proxy.startswith("socks"):
                raise NetworkError(
                    f"the proxy for {_host(url)} is a SOCKS proxy, which cove cannot use",
                    hint="Set HTTPS_PROXY and HTTP_PROXY to an http:// proxy, or NO_PROXY to this host.",
                )
            else:
                parts = urlsplit(proxy)
                login = urllib3.make_headers(proxy_basic_auth=render_login(parts.username, parts.password))
                self._pools[proxy] = urllib3.ProxyManager(
                    proxy,
                    proxy_headers=login if parts.username else None,
                    ssl_context=context,
                    maxsize=CONNECTIONS,
                )
        return self._pools[proxy]


PRIVATE_HEADERS = ("authorization", "cookie", "proxy-authorization")
"""What is not passed on when a redirect leads to another origin."""


class _BrokenOff(Exception):  # noqa: N818 - never leaves this file
    """The connection ended within the body."""

    def __init__(self, error: NetworkError) -> None:
        super().__init__(str(error))
        self.error = error


class _reading:  # noqa: N801 - used as a function
    """Turns what goes wrong within a body into a NetworkError, wrapped in `kind` if given."""

    def __init__(self, url: str, kind: type[_BrokenOff] | None = None) -> None:
        self.url = url
        self.kind = kind

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import urllib3

        if isinstance(error, (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)):
            found = unreachable(self.url, error, "", broken_off=True)
            raise (self.kind(found) if self.kind else found) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _plain(response: urllib3.BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _check_arrived(url: str, received: int, expected: int, found: str, wanted: str) -> None:
    if expected and received != expected:
        raise _BrokenOff(NetworkError(f"{_host(url)} sent {received} of {expected} bytes and stopped"))
    if wanted and found != wanted:
        raise NetworkError(
            f"what {_host(url)} sent is not what was expected: its SHA-256 is {found}, not {wanted}",
            hint=f"The file was {url}; something on the way may have changed it. Nothing of it was kept.",
        )


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def check_redirect(url: str, following: str) -> None:
    """Refuse a redirect that leaves encryption or the web. Raises NetworkError."""
    before, after = urlsplit(url).scheme, urlsplit(following).scheme
    if after not in {"http", "https"} or (before == "https" and after == "http"):
        raise NetworkError(f"{_host(url)} redirects to {following}, which is not encrypted; not followed")


def refused(url: str, status: int) -> NetworkError:
    """Return the error for a status that is no success."""
    hints = {
        401: "It wants a login.",
        403: "It refuses this address: a login may be missing, or a proxy filters it.",
        404: "There is nothing at that address: check the version, and the setting that redirects it.",
        407: "The proxy wants a login: http://NAME:PASSWORD@HOST:PORT in HTTPS_PROXY.",
    }
    return NetworkError(
        f"{_host(url)} answered {status} for {url}", hint=hints.get(status, "Try again later.")
    )


def unreachable(url: str, error: BaseException, proxy: str, *, broken_off: bool = False) -> Unreachable:
    """Return the error for a host that could not be talked to."""
    text = f"{type(error).__name__} {error}"
    host = _host(url)
    passing = True
    if "CERTIFICATE_VERIFY_FAILED" in text:
        passing = False
        what = f"the certificate of {host} is signed by an authority this machine does not trust"
        hint = (
            "Behind a proxy that inspects TLS, set SSL_CERT_FILE to a PEM file that includes its authority."
        )
    elif broken_off:
        what, hint = f"the connection to {host} broke off", "Try again."
    elif proxy:
        shown = _host(proxy)
        what = f"{host} cannot be reached through the proxy {shown}"
        hint = "Check HTTPS_PROXY and HTTP_PROXY; NO_PROXY lists the hosts that need no proxy."
    elif "NameResolution" in text or "getaddrinfo" in text:
        what, hint = f"the name {host} does not resolve", "Without a direct way to it, set HTTPS_PROXY."
    elif "Timeout" in text:
        what, hint = f"{host} does not answer", "Without a direct way to it, set HTTPS_PROXY."
    else:
        what, hint = (
            f"{host} cannot be reached",
            "Check the address; without a direct way to it, set HTTPS_PROXY.",
        )
    return Unreachable(what, hint=hint, detail=str(error), passing=passing)
