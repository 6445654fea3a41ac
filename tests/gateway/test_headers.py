import pytest

from cove.gateway.headers import (
    Passage,
    filter_response,
    narrow_cookie,
    render_location,
    render_relative,
    render_request,
    strip_cookies,
)

EDITOR = Passage(host="digits-x.localhost:17000", peer="127.0.0.1")
PORT = EDITOR._replace(port=3000)
HEADERS = [
    (b"Host", b"digits-x.localhost:17000"),
    (b"Connection", b"keep-alive, X-Hop"),
    (b"X-Hop", b"1"),
    (b"Accept", b"*/*"),
    (b"Transfer-Encoding", b"chunked"),
    (b"Content-Length", b"7"),
    (b"Origin", b"http://digits-x.localhost:17000"),
    (b"Cookie", b"cove_17000=secret; a=1"),
    (b"X-Forwarded-For", b"6.6.6.6"),
]


def lines(head: bytes) -> list[bytes]:
    assert head.endswith(b"\r\n\r\n")
    return head[:-4].split(b"\r\n")


def test_a_request_to_the_editor() -> None:
    assert lines(render_request("GET", "/a?b", HEADERS, EDITOR, b"")) == [
        b"GET /a?b HTTP/1.1",
        b"Host: digits-x.localhost:17000",
        b"Accept: */*",
        b"Origin: http://digits-x.localhost:17000",
        b"Cookie: a=1",
        b"X-Forwarded-Host: digits-x.localhost:17000",
        b"X-Forwarded-Proto: http",
        b"X-Forwarded-For: 127.0.0.1",
        b"Connection: keep-alive",
    ]


def test_a_request_to_a_port_is_as_on_ones_own_machine() -> None:
    found = lines(render_request("POST", "/", HEADERS, PORT, b"Content-Length: 7\r\n"))
    assert b"Host: localhost:3000" in found
    assert b"Origin: http://localhost:3000" in found
    assert b"Content-Length: 7" in found
    assert b"X-Forwarded-Host: digits-x.localhost:17000" in found


def test_an_upgrade_says_so_anew() -> None:
    found = lines(render_request("GET", "/", HEADERS, EDITOR._replace(upgrade=True), b""))
    assert found[-2:] == [b"Connection: Upgrade", b"Upgrade: websocket"]


def test_the_editors_own_session_is_added_and_cannot_be_chosen() -> None:
    secret = EDITOR._replace(secret="code-server-session=hash")
    assert b"Cookie: code-server-session=hash" in lines(render_request("GET", "/", [], secret, b""))
    chosen = [(b"Cookie", b"code-server-session=mine; a=1")]
    assert b"Cookie: a=1; code-server-session=hash" in lines(render_request("GET", "/", chosen, secret, b""))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"a=1; b=2", b"a=1; b=2"),
        (b"cove_1=x", b""),
        (b"cove_1=x;a=1 ;cove_8080_abc=y", b"a=1"),
        (b"a=cove_1", b"a=cove_1"),
    ],
)
def test_coves_cookies_stop_here(value: bytes, kept: bytes) -> None:
    assert strip_cookies(value) == kept


@pytest.mark.parametrize(
    ("value", "prefix", "narrowed"),
    [
        (b"a=1", b"", b"a=1"),
        (b"a=1; Domain=localhost; Path=/; Secure", b"", b"a=1; Path=/; Secure"),
        (b"a=1; domain = .localhost", b"", b"a=1"),
        (b"a=1; Path=/x; HttpOnly", b"/w/d", b"a=1; Path=/w/d/x; HttpOnly"),
        (b"a=1; Path=/w/d/x", b"/w/d", b"a=1; Path=/w/d/x"),
        (b"a=1; Path=/w/dx", b"/w/d", b"a=1; Path=/w/d/w/dx"),
        (b"cove_17000=forged; Path=/", b"", b""),
    ],
)
def test_cookies_are_confined(value: bytes, prefix: bytes, narrowed: bytes) -> None:
    assert narrow_cookie(value, prefix) == narrowed


@pytest.mark.parametrize(
    ("value", "passage", "rendered"),
    [
        (b"/x", EDITOR, b"/x"),
        (b"./x", EDITOR, b"./x"),
        (b"http://localhost:3000/x", EDITOR, b"http://localhost:3000/x"),
        (b"http://localhost:3000/x", PORT, b"/x"),
        (b"http://0.0.0.0:3000", PORT, b"/"),
        (b"https://[::1]:3000?x", PORT, b"/?x"),
        (b"http://localhost:30000/x", PORT, b"http://localhost:30000/x"),
        (b"http://localhost:3000.evil/", PORT, b"http://localhost:3000.evil/"),
        (b"/x", PORT._replace(prefix="/p"), b"./x"),
        (b"/x?a=/b", PORT._replace(prefix="/p", at="/a/b?c=/d/e"), b"../x?a=/b"),
        (b"/", PORT._replace(prefix="/p/q", at="/a/b"), b"../"),
        (b"/p/x", PORT._replace(prefix="/p", at="/"), b"./x"),
        (b"//evil.example/", PORT._replace(prefix="/p"), b"//evil.example/"),
        (b"http://localhost:3000/x", PORT._replace(prefix="/p"), b"./x"),
    ],
)
def test_redirects(value: bytes, passage: Passage, rendered: bytes) -> None:
    assert render_location(value, passage) == rendered


def test_an_answers_headers() -> None:
    answer = [
        (b"Content-Type", b"text/html"),
        (b"Connection", b"close, X-Hop"),
        (b"x-hop", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Set-Cookie", b"a=1; Domain=localhost"),
        (b"Set-Cookie", b"cove_1=x"),
    ]
    assert filter_response(answer, EDITOR) == [b"Content-Type: text/html\r\n", b"Set-Cookie: a=1\r\n"]
    assert filter_response([], EDITOR._replace(sandbox=True)) == [b"Content-Security-Policy: sandbox\r\n"]


@pytest.mark.parametrize(
    ("header", "passed"),
    [
        (
            b"Cookie: a=1; username-localhost-8888=s; jupyterhub-user-ana=s; _xsrf=x",
            b"Cookie: a=1; _xsrf=x\r\n",
        ),
        (b"Cookie: username-hub=s", b""),
        (b"Authorization: token 123", b""),
        (b"Authorization: Basic abc", b"Authorization: Basic abc\r\n"),
        (b"X-Cove-Door: s", b""),
    ],
)
def test_a_fronts_login_stays_outside(header: bytes, passed: bytes) -> None:
    name, _, value = header.partition(b": ")
    sent = render_request("GET", "/", [(name, value)], PORT._replace(fronted=True), b"")
    assert [line + b"\r\n" for line in sent.split(b"\r\n") if line.startswith(name)] == (
        [passed] if passed else []
    )


@pytest.mark.parametrize(
    ("target", "here", "relative"),
    [
        ("/nb/w/d/", "/nb/w/d", "./d/"),
        ("/nb/open?folder=/x/y", "/nb/w/d/", "../../open?folder=/x/y"),
        ("/a", "/", "./a"),
        ("/", "/a/b", "../"),
        ("/", "/a", "./"),
    ],
)
def test_a_path_as_seen_from_another(target: str, here: str, relative: str) -> None:
    from urllib.parse import urljoin

    assert render_relative(target, here) == relative
    assert urljoin(f"http://h{here}", relative) == f"http://h{target}"
