"""The HTTP client against servers on loopback."""

# ruff: noqa: N815 - names of http.server

from __future__ import annotations

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from cove.errors import NetworkError
from cove.host import http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 4000


class Site(ThreadingHTTPServer):
    """A server whose answers are functions by path, and which remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Callable[[Handler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the page of its path."""

    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.pages[self.path](self)

    do_POST = do_GET

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES_SECONDS", (0.0,))


def test_request_returns_any_status_and_plain_headers(site: Site) -> None:
    site.pages["/v2/"] = lambda page: page.answer(401, b"no", WWW_Authenticate="Bearer realm=x")
    found = http.HttpClient({}).request("GET", f"{site.url}/v2/")
    assert (found.status, found.body, found.ok) == (401, b"no", False)
    assert found.headers["www-authenticate"] == "Bearer realm=x"


def test_fetch_names_host_and_status(site: Site) -> None:
    site.pages["/x"] = lambda page: page.answer(404)
    with pytest.raises(NetworkError, match=rf"127\.0\.0\.1:{site.server_port} answered 404") as caught:
        http.HttpClient({}).fetch(f"{site.url}/x")
    assert "version" in caught.value.hint


def test_body_limit(site: Site) -> None:
    site.pages["/x"] = lambda page: page.answer(200, b"12345")
    with pytest.raises(NetworkError, match="more than 4 bytes"):
        http.HttpClient({}).fetch(f"{site.url}/x", limit=4)


def test_redirects_lose_the_login_elsewhere(site: Site) -> None:
    with Site() as other:
        threading.Thread(target=other.serve_forever, args=(0.02,), daemon=True).start()
        site.pages["/a"] = lambda page: page.answer(302, Location="/b")
        site.pages["/b"] = lambda page: page.answer(307, Location=f"{other.url}/c")
        other.pages["/c"] = lambda page: page.answer(200, b"ok")
        found = http.HttpClient({}).request("GET", f"{site.url}/a", headers={"Authorization": "Bearer t"})
        other.shutdown()
    assert (found.url, found.body) == (f"{other.url}/c", b"ok")
    assert [headers.get("authorization") for _, headers in site.asked] == ["Bearer t", "Bearer t"]
    assert "authorization" not in other.asked[0][1]


def test_redirects_in_a_circle_end(site: Site) -> None:
    site.pages["/a"] = lambda page: page.answer(302, Location="/a")
    with pytest.raises(NetworkError, match="circle"):
        http.HttpClient({}).fetch(f"{site.url}/a")


@pytest.mark.parametrize("following", ["http://x/", "file:///etc/passwd", "ftp://x/"])
def test_redirects_never_leave_encryption(following: str) -> None:
    with pytest.raises(NetworkError, match="not followed"):
        http.check_redirect("https://x/", following)


def test_passing_faults_are_tried_again(site: Site) -> None:
    answers = iter([503, 429, 200])
    site.pages["/x"] = lambda page: page.answer(next(answers), b"ok", Retry_After="0")
    assert http.HttpClient({}).fetch(f"{site.url}/x") == b"ok"
    assert len(site.asked) == 3


def test_download_is_atomic_hashed_and_tells_progress(site: Site, tmp_path: Path) -> None:
    site.pages["/f"] = lambda page: page.answer(200, CONTENT)
    seen: list[tuple[int, int]] = []
    digest = hashlib.sha256(CONTENT).hexdigest()
    found = http.HttpClient({}).download(
        f"{site.url}/f",
        str(tmp_path / "f"),
        sha256=digest.upper(),
        on_progress=lambda received, expected: seen.append((received, expected)),
    )
    assert (found.sha256, found.size) == (digest, len(CONTENT))
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert len(seen) > 1


def test_download_with_the_wrong_hash_leaves_nothing(site: Site, tmp_path: Path) -> None:
    site.pages["/f"] = lambda page: page.answer(200, CONTENT)
    with pytest.raises(NetworkError, match="SHA-256"):
        http.HttpClient({}).download(f"{site.url}/f", str(tmp_path / "f"), sha256="0" * 64)
    assert os.listdir(tmp_path) == []


def break_off(page: Handler) -> None:
    page.send_response(200)
    page.send_header("content-length", str(len(CONTENT)))
    page.end_headers()
    page.wfile.write(CONTENT[:1000])
    page.close_connection = True


def test_download_that_breaks_off_is_tried_again(site: Site, tmp_path: Path) -> None:
    tries = iter([True, False])
    site.pages["/f"] = lambda page: break_off(page) if next(tries) else page.answer(200, CONTENT)
    http.HttpClient({}).download(f"{site.url}/f", str(tmp_path / "f"))
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_download_that_always_breaks_off_names_the_host(site: Site, tmp_path: Path) -> None:
    site.pages["/f"] = break_off
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:\d+"):
        http.HttpClient({}, attempts=2).download(f"{site.url}/f", str(tmp_path / "f"))
    assert (len(site.asked), os.listdir(tmp_path)) == (2, [])


def test_a_closed_port_and_a_strange_scheme() -> None:
    with pytest.raises(http.Unreachable, match=r"127\.0\.0\.1:9 cannot be reached"):
        http.HttpClient({}, attempts=1).fetch("http://127.0.0.1:9/")
    with pytest.raises(NetworkError, match="not an http"):
        http.HttpClient({}).fetch("file:///etc/passwd")


def test_requests_go_through_the_proxy_with_its_login(site: Site) -> None:
    site.pages["http://far.example/x"] = lambda page: page.answer(200, b"through")
    client = http.HttpClient({"http_proxy": site.url.replace("://", "://me:p%40ss@")})
    assert client.fetch("http://far.example/x") == b"through"
    assert site.asked[0][1]["proxy-authorization"] == "Basic bWU6cEBzcw=="


def test_a_dead_proxy_is_named_without_its_password() -> None:
    with pytest.raises(http.Unreachable, match=r"through the proxy 127\.0\.0\.1:9") as caught:
        http.HttpClient({"HTTPS_PROXY": "http://me:secret@127.0.0.1:9"}, attempts=1).fetch(
            "https://far.example/"
        )
    assert "secret" not in f"{caught.value} {caught.value.hint}{caught.value.detail}"


def test_offline_nobody_is_asked() -> None:
    client = http.HttpClient({http.OFFLINE: "1"})
    with pytest.raises(http.Unreachable, match=r"http://127\.0\.0\.1:9/x is needed, and cove is offline"):
        client.fetch("http://127.0.0.1:9/x")
