import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cove.gateway.origins import (
    Host,
    Origin,
    has_dot_segments,
    is_own_origin,
    parse_host,
    parse_origin,
    parse_port,
    render_url,
    split_port_path,
    split_workspace_path,
)


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost:17000", Host("localhost", "17000")),
        ("LocalHost", Host("localhost", "")),
        ("localhost.:1", Host("localhost", "1")),
        ("[::1]:8080", Host("::1", "8080")),
        ("[::1]", Host("::1", "")),
        ("::1", None),
        ("localhost:", Host("localhost", "")),
        ("localhost:x", None),
        ("localhost:-1", None),
        ("localhost:\u0661", None),
        (":80", None),
        ("", None),
    ],
)
def test_hosts(header: str, host: Host | None) -> None:
    assert parse_host(header) == host


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=60))
def test_any_header_is_a_host_or_none(header: str) -> None:
    host = parse_host(header)
    assert host is None or host.name


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("localhost", Origin("main")),
        ("127.0.0.1", Origin("main")),
        ("::1", Origin("main")),
        ("digits-abc.localhost", Origin("editor", "digits-abc")),
        ("3000.digits-abc.localhost", Origin("port", "digits-abc", 3000)),
        ("0.digits-abc.localhost", None),
        ("65536.digits-abc.localhost", None),
        ("x.digits-abc.localhost", None),
        ("1.2.digits-abc.localhost", None),
        (".localhost", None),
        ("-x.localhost", None),
        ("digits-abc.localhost.evil", None),
        ("notlocalhost", None),
        ("127.0.0.2", None),
    ],
)
def test_origins(name: str, origin: Origin | None) -> None:
    assert parse_origin(name) == origin


def test_urls_come_back_as_their_origin() -> None:
    assert render_url("digits-abc", 3000, "17000", "/a?b") == "http://3000.digits-abc.localhost:17000/a?b"
    assert render_url("digits-abc", 0, "") == "http://digits-abc.localhost/"


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/proxy/3000/x?y", (3000, "/proxy/3000", "/x?y")),
        ("/proxy/3000", (3000, "/proxy/3000", "")),
        ("/proxy/3000?x", (3000, "/proxy/3000", "?x")),
        ("/proxy/03000/", None),
        ("/proxy/99999/", None),
        ("/proxy/3000x/", None),
        ("/proxy/", None),
        ("/a/proxy/3000/", None),
    ],
)
def test_port_paths(path: str, parts: tuple[int, str, str] | None) -> None:
    assert split_port_path(path) == parts


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/w/digits/x?y", ("digits", "/w/digits", "/x?y")),
        ("/w/digits", ("digits", "/w/digits", "")),
        ("/w/", None),
        ("/w/Digits/", None),
        ("/w/../x", None),
        ("/w/a%2fb/", None),
    ],
)
def test_workspace_paths(path: str, parts: tuple[str, str, str] | None) -> None:
    assert split_workspace_path(path) == parts


@pytest.mark.parametrize(
    ("path", "up"),
    [
        ("/a/../b", True),
        ("/..", True),
        ("/.", True),
        ("/a/%2E%2e/b", True),
        ("/a%2f..", True),
        ("/a%5c..%5cb", True),
        ("/a/..?x", True),
        ("/a?x=/../", False),
        ("/a/...", False),
        ("/a/..b", False),
        ("/a/.git/b", False),
        ("/a%2eb", False),
        ("/", False),
    ],
)
def test_paths_that_go_up(path: str, *, up: bool) -> None:
    assert has_dot_segments(path) is up


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "+1", "1 ", "\u0661", "999999"])
def test_what_is_no_port(port: str) -> None:
    assert parse_port(port) == 0


def test_own_origins() -> None:
    assert is_own_origin("http://a.localhost:1", "a.localhost:1")
    assert is_own_origin("https://A.localhost:1", "a.localhost:1")
    for foreign in (
        "null",
        "",
        "a.localhost:1",
        "http://a.localhost",
        "http://b.localhost:1",
        "ws://a.localhost:1",
    ):
        assert not is_own_origin(foreign, "a.localhost:1")
