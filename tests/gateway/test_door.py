from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from cove.gateway.views import Listen
from cove.places.endpoints import write_endpoint

from .conftest import BROWSER, ENDPOINT, ID, OTHER, PORT_INSIDE, play

if TYPE_CHECKING:
    from cove.host.machine import Machine

    from .conftest import Scene

ONE = Listen()


def headers_behind(text: str) -> dict[str, str]:
    return {name.lower(): value for name, value in json.loads(text)["headers"]}


# Who may come in


def test_without_a_session_nobody_comes_in(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        for kind, path in (
            ("main", "/"),
            ("main", "/w/digits/"),
            ("editor", "/"),
            ("port", "/"),
            ("editor", "/_cove/progress"),
        ):
            assert (await scene.get(kind, path, signed_in=False)).status == 401
        page = await scene.get("main", "/w/digits/", signed_in=False, **BROWSER)
        assert page.status == 401
        assert "cove open digits" in page.text
        assert scene.place.dialled == 0

    play(machine, act)


@pytest.mark.parametrize("kind", ["main", "editor", "port", "one"])
def test_a_token_is_exchanged_for_a_cookie_once(machine: Machine, kind: str) -> None:
    scope = {"main": "main", "editor": f"w/{ID}", "port": f"p/{ID}/{PORT_INSIDE}", "one": f"one/{ID}"}[kind]
    host = "localhost" if kind == "one" else kind

    async def act(scene: Scene) -> None:
        import time

        token = scene.tokens.mint(scope, time.time(), 60)
        first = await scene.get(host, f"/a/b?x=1&token={token}&y=%20", signed_in=False)
        assert first.status == 303
        assert first.location == "./b?x=1&y=%20"
        assert first.headers["Referrer-Policy"] == "no-referrer"
        cookie = first.headers["Set-Cookie"]
        assert cookie.startswith(f"cove_{scene.port}")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie
        assert (await scene.get(host, f"/?token={token}", signed_in=False)).status == 401
        signed_in = await scene.get(host, "/?x=1", Cookie=cookie.partition(";")[0])
        assert signed_in.status == 200
        # A used token with a good cookie still leads to the page.
        again = await scene.get(host, f"/?token={token}", Cookie=cookie.partition(";")[0])
        assert (again.status, again.location) == (303, "./")

    play(machine, act, one=ONE if kind == "one" else None)


def test_a_cookie_opens_its_own_origin_only(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        kinds = ("main", "editor", "port")
        for kind in kinds:
            for other in kinds:
                status = (await scene.get(kind, Cookie=scene.cookie(other))).status
                assert (status == 200) == (kind == other), (kind, other)

    play(machine, act)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value[:-2] + ("A" if value[-2] != "A" else "B") + value[-1],
        lambda value: value.replace("=", "=f", 1),
        lambda value: value.partition(".")[0],
        lambda value: value.partition("=")[0] + "=",
        lambda value: value.partition("=")[0] + "=.",
        lambda value: value.partition("=")[0] + "=\u00e9.\u00e9",
    ],
)
def test_a_spoilt_cookie_opens_nothing(machine: Machine, spoil: object) -> None:
    async def act(scene: Scene) -> None:
        cookie = spoil(scene.cookie("editor"))  # type: ignore[operator]
        assert (await scene.get("editor", Cookie=cookie)).status == 401

    play(machine, act)


def test_a_planted_cookie_does_not_lock_out(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        good = scene.cookie("editor")
        name = good.partition("=")[0]
        assert (await scene.get("editor", Cookie=f"{name}=planted; {good}")).status == 200

    play(machine, act)


HOSTS = [
    ("localhost", 200),
    ("LOCALHOST", 200),
    ("127.0.0.1", 200),
    ("[::1]", 200),
    ("evil.example", 421),
    ("localhost.evil.example", 421),
    ("evil-localhost", 421),
    ("0.0.0.0", 421),  # noqa: S104 - a name, not a place to listen
    ("nosuch-abcdefghij.localhost", 404),
    ("a b", 421),
    ("", 400),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_only_known_hosts_are_answered(machine: Machine, host: str, status: int) -> None:
    async def act(scene: Scene) -> None:
        answer = await scene.get("main", Host=f"{host}:{scene.port}" if host else "")
        assert answer.status == status

    play(machine, act)


FOREIGN = [
    ({}, True),
    ({"Origin": "http://HOST"}, True),
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": "null", "Sec_Fetch_Site": "same-origin"}, True),
    ({"Origin": "http://HOST.evil.example"}, False),
    ({"Origin": "http://localhost"}, False),
    ({"Origin": "file://HOST"}, False),
    ({"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}, True),
    ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, False),
    ({"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}, False),
    ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}, True),
    ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"}, False),
    ({"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"}, True),
]


@pytest.mark.parametrize(("headers", "welcome"), FOREIGN)
@pytest.mark.parametrize("kind", ["editor", "port", "one"])
def test_a_cookie_alone_does_not_say_who_asks(
    machine: Machine, kind: str, headers: dict[str, str], welcome: bool
) -> None:
    async def act(scene: Scene) -> None:
        host = scene.host("localhost" if kind == "one" else kind)
        sent = {name: value.replace("HOST", host) for name, value in headers.items()}
        answer = await scene.get(
            kind if kind != "one" else "localhost", "/x", Cookie=scene.cookie(kind), **sent
        )
        assert answer.status == (200 if welcome else 403)

    play(machine, act, one=ONE if kind == "one" else None)


def test_posting_from_elsewhere_is_refused(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        headers = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
        assert (await scene.get("editor", method="POST", data=b"x", **headers)).status == 403

    play(machine, act)


# Where a request goes


def test_the_list(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        scene.views[1] = scene.views[1]._replace(folder="/home/<script>alert(1)</script>")
        page = await scene.get("main", **BROWSER)
        assert page.status == 200
        assert "digits" in page.text
        assert "cove up /home/&lt;script&gt;" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "http://" not in page.text.replace("http://www.w3.org", "")
        assert (await scene.get("main", "/nothing", **BROWSER)).status == 404
        assert (await scene.get("main", "/favicon.ico")).headers["Content-Type"].startswith("image/svg+xml")

    play(machine, act)


def test_a_browser_is_led_to_the_workspaces_own_origin(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        answer = await scene.get("main", "/w/digits/?folder=/x", **BROWSER)
        assert answer.status == 303
        start = f"http://{scene.host('editor')}/?folder=/x&token=cove_"
        assert answer.location.startswith(start)
        there = await scene.get(
            "editor", answer.location.partition(f":{scene.port}")[2], signed_in=False, **BROWSER
        )
        assert (there.status, there.location) == (303, "./?folder=/x")
        assert (await scene.get("main", "/w/digits", **BROWSER)).location == "/w/digits/"
        assert (await scene.get("main", "/w/nothing/", **BROWSER)).status == 404

    play(machine, act)


def test_a_browser_is_never_shown_a_workspace_under_the_main_origin(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        for mode, dest in (
            ("cors", "empty"),
            ("no-cors", "script"),
            ("navigate", "iframe"),
            ("same-origin", "worker"),
        ):
            headers = {"Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": dest, "Sec_Fetch_Site": "same-origin"}
            assert (await scene.get("main", "/w/digits/", **headers)).status == 403
        old = await scene.get("main", "/w/digits/", User_Agent="Mozilla/5.0 (old)")
        assert old.status == 303
        assert scene.place.dialled == 0

    play(machine, act)


def test_a_link_from_elsewhere_cannot_say_what_to_open(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        headers = {**BROWSER, "Sec-Fetch-Site": "cross-site"}
        answer = await scene.get("main", "/w/digits/?payload=evil", **headers)
        assert "payload" not in answer.location

    play(machine, act)


def test_a_port_is_reached_from_all_sides(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        port = f"http://{scene.host('port')}"
        through_main = await scene.get("main", f"/w/digits/proxy/{PORT_INSIDE}/a?b=c", **BROWSER)
        assert through_main.location.startswith(f"{port}/a?b=c&token=cove_")
        from_editor = await scene.get("editor", f"/proxy/{PORT_INSIDE}/a?b=c", **BROWSER)
        assert from_editor.location.startswith(f"{port}/a?b=c&token=cove_")
        directly = await scene.get("port", "/a?token=its-own", signed_in=False, **BROWSER)
        assert directly.location == f"http://{scene.host('editor')}/proxy/{PORT_INSIDE}/a?token=its-own"
        framed = {**BROWSER, "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-site"}
        assert (await scene.get("port", "/", signed_in=False, **framed)).status == 303
        assert (await scene.get("editor", f"/proxy/{PORT_INSIDE}/", **framed)).status == 303
        foreign = {**framed, "Sec-Fetch-Site": "cross-site"}
        assert (await scene.get("port", "/", signed_in=False, **foreign)).status == 401
        let_in = await scene.get("port", from_editor.location.removeprefix(port), signed_in=False, **BROWSER)
        assert "Set-Cookie" in let_in.headers

    play(machine, act)


def test_an_editor_without_session_asks_the_main_origin(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        answer = await scene.get("editor", "/?folder=/x", signed_in=False, **BROWSER)
        assert answer.location == f"http://localhost:{scene.port}/w/digits/?folder=/x"
        script = {"Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty", "Sec_Fetch_Site": "same-origin"}
        assert (await scene.get("editor", "/x", signed_in=False, **script)).status == 401

    play(machine, act)


def test_programs_get_it_directly(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        editor = await scene.get("main", "/w/digits/a%2Fb?c=d")
        assert json.loads(editor.text)["path"] == "/a%2Fb?c=d"
        assert headers_behind(editor.text)["x-forwarded-prefix"] == "/w/digits"
        assert editor.headers["Content-Security-Policy"] == "sandbox"
        port = await scene.get("main", f"/w/digits/proxy/{PORT_INSIDE}/a?c=d")
        assert json.loads(port.text)["path"] == "/a?c=d"
        assert headers_behind(port.text)["x-forwarded-prefix"] == f"/w/digits/proxy/{PORT_INSIDE}"
        assert (await scene.get("main", f"/w/digits/proxy/{PORT_INSIDE}")).location == f"./{PORT_INSIDE}/"
        moved = await scene.get("main", "/w/digits/redirect?to=/login")
        assert moved.location == "./login"

    play(machine, act)


@pytest.mark.parametrize(
    "path",
    [
        "/w/digits/../other/",
        "/w/digits/..",
        "/w/digits/%2e%2e/x",
        "/w/digits/a/%2E./x",
        "/w/digits/a%2f..%2fb",
        "/w/digits/./x",
        "/w/digits/..\\x",
    ],
)
def test_paths_do_not_go_up(machine: Machine, path: str) -> None:
    async def act(scene: Scene) -> None:
        assert (await scene.get("main", path)).status == 400
        assert scene.place.dialled == 0

    play(machine, act)


# What passes through


def test_what_is_behind_never_sees_coves_cookie(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        for kind in ("editor", "port"):
            cookie = f"a=1; {scene.cookie(kind)}; cove_17000=other; b=2; cove_8080_{ID}=one"
            answer = await scene.get(kind, "/", Cookie=cookie)
            assert headers_behind(answer.text)["cookie"] == "a=1; b=2"
            assert "cookie" not in headers_behind((await scene.get(kind, "/")).text)

    play(machine, act)


def test_the_editor_sees_the_host_a_port_sees_itself(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        forged = {
            "X_Forwarded_Host": "evil.example",
            "X_Forwarded_For": "1.2.3.4",
            "Forwarded": "for=1.2.3.4",
            "TE": "x",
        }
        for kind in ("editor", "port"):
            host = scene.host(kind)
            behind = headers_behind((await scene.get(kind, "/", Origin=f"http://{host}", **forged)).text)
            inside = host if kind == "editor" else f"localhost:{PORT_INSIDE}"
            assert behind["host"] == inside
            assert behind["origin"] == f"http://{inside}"
            assert behind["x-forwarded-host"] == host
            assert behind["x-forwarded-proto"] == "http"
            assert behind["x-forwarded-for"] == "127.0.0.1"
            assert not {"forwarded", "te"} & set(behind)

    play(machine, act)


def test_cookies_of_what_is_behind_stay_in_their_origin(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        path = "/cookie?set=a=1%3B+Domain%3Dlocalhost%3B+Path%3D/%3B+HttpOnly&set=cove_1=x&set=b=2"
        answer = await scene.get("port", path)
        assert answer.headers.getall("Set-Cookie") == ["a=1; Path=/; HttpOnly", "b=2"]
        below = await scene.get("main", f"/w/digits/proxy/{PORT_INSIDE}{path}")
        assert below.headers.getall("Set-Cookie")[0] == f"a=1; Path=/w/digits/proxy/{PORT_INSIDE}/; HttpOnly"

    play(machine, act)


def test_redirects_to_localhost_come_back_to_the_ports_origin(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        for to, location in (
            (f"http://localhost:{PORT_INSIDE}/x?y", "/x?y"),
            (f"http://127.0.0.1:{PORT_INSIDE}", "/"),
            ("http://localhost:4000/x", "http://localhost:4000/x"),
            ("https://elsewhere.example/", "https://elsewhere.example/"),
            ("/plain", "/plain"),
            ("relative", "relative"),
        ):
            assert (await scene.get("port", f"/redirect?to={to}")).location == location

    play(machine, act)


def test_bodies_stream_both_ways(machine: Machine) -> None:
    data = b"fedcba9876543210" * 300_000

    async def pieces() -> object:
        for at in range(0, len(data), 100_000):
            yield data[at : at + 100_000]

    async def act(scene: Scene) -> None:
        for body in (io.BytesIO(data), pieces(), b""):
            answer = await scene.get("editor", "/echo", method="POST", data=body)
            expected = {
                "length": 0 if body == b"" else len(data),
                "digest": hashlib.sha256(body if body == b"" else data).hexdigest(),
            }
            assert json.loads(answer.text) == expected
        big = await scene.get("editor", "/big")
        assert big.body == b"0123456789abcdef" * 500_000
        assert big.headers["Content-Length"] == "8000000"
        head = await scene.get("editor", "/big", method="HEAD")
        assert (head.body, head.headers["Content-Length"]) == (b"", "8000000")
        stream = await scene.get("editor", "/stream")
        assert stream.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"

    play(machine, act)


def test_connections_are_kept(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        for _ in range(5):
            assert (await scene.get("editor", "/x")).status == 200
        assert scene.place.dialled == 1

    play(machine, act)


def test_an_answer_that_breaks_off_is_not_made_whole(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        with pytest.raises(aiohttp.ClientPayloadError):
            await scene.get("editor", "/broken")
        assert (await scene.get("editor", "/x")).status == 200

    play(machine, act)


async def websocket(scene: Scene, kind: str, path: str = "/ws", origin: str | None = None) -> list[object]:
    headers = {"Host": scene.host(kind), "Cookie": scene.cookie(kind)}
    if origin is not None:
        headers["Origin"] = origin
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{scene.port}{path}", headers=headers, max_msg_size=0) as link,
    ):
        await link.send_str("hello")
        text = await link.receive_str()
        await link.send_bytes(b"x" * 3_000_000)
        return [text, len(await link.receive_bytes())]


@pytest.mark.parametrize("kind", ["editor", "port"])
def test_websockets_are_joined(machine: Machine, kind: str) -> None:
    async def act(scene: Scene) -> None:
        for _ in range(2):
            said = await websocket(scene, kind, origin=f"http://{scene.host(kind)}")
            assert said == ["you said hello", 3_000_000]

    play(machine, act)


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://localhost"])
def test_websockets_from_elsewhere_are_refused(machine: Machine, origin: str | None) -> None:
    async def act(scene: Scene) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await websocket(scene, "editor", origin=origin)
        assert caught.value.status == 403

    play(machine, act)


# When it does not run


def test_a_stopped_workspace_says_how_to_start_it(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        answer = await scene.get("main", "/w/other/")
        assert answer.status == 503
        assert "cove up /home/ana/other" in answer.text

    play(machine, act)


def test_a_build_is_shown_and_then_the_editor(machine: Machine) -> None:
    folder = Path(machine.directories.state) / ID
    folder.mkdir(parents=True)

    def say(event: str, text: str) -> None:
        with (folder / "progress.jsonl").open("a") as file:
            file.write(json.dumps({"time": 1, "event": event, "step": "build", "text": text}) + "\n")

    async def act(scene: Scene) -> None:
        scene.directory.register(scene.views[0]._replace(state="building"), None)
        scene.views = []
        say("begin", "Build the image")
        page = await scene.get("editor", "/", **BROWSER)
        assert page.status == 503
        assert "is being built" in page.text
        news = json.loads((await scene.get("editor", "/_cove/progress?from=0")).text)
        assert [event["text"] for event in news["events"]] == ["Build the image"]
        assert not news["ready"]
        say("line", "<b>STEP 1</b>")
        more = json.loads((await scene.get("editor", f"/_cove/progress?from={news['from']}")).text)
        assert [event["text"] for event in more["events"]] == ["<b>STEP 1</b>"]
        write_endpoint(machine, ENDPOINT)
        scene.directory.register(scene.directory._registered[ID]._replace(state="running"), ENDPOINT)
        assert json.loads((await scene.get("editor", "/_cove/progress?from=0")).text)["ready"]
        assert (await scene.get("editor", "/")).status == 200

    play(machine, act)


def test_what_does_not_answer_is_named_and_found_again(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        scene.place.down = {0, PORT_INSIDE}
        write_endpoint(machine, ENDPOINT)
        editor = await scene.get("editor", "/", **BROWSER)
        assert editor.status == 502
        assert "cove logs --editor digits" in editor.text
        port = await scene.get("port", "/", **BROWSER)
        assert port.status == 502
        assert f"port {PORT_INSIDE} of digits" in port.text
        scene.place.down = set()
        assert (await scene.get("editor", "/")).status == 200
        assert (await scene.get("port", "/")).status == 200

    play(machine, act)


def test_a_connection_that_died_while_idle_is_replaced(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        assert (await scene.get("editor", "/x")).status == 200
        [idle] = scene.directory.pool(ID, 0)._idle
        idle.on_lost = None
        idle.transport.abort()  # as if it had been closed with the request on its way
        idle.closed = False
        assert (await scene.get("editor", "/x")).status == 200

    play(machine, act)


def test_the_engine_is_not_asked_for_every_request(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        for _ in range(5):
            await scene.get("editor", "/x")
            await scene.get("main", "/w/digits/x")
        assert scene.reads <= 1
        assert (await scene.get("main", f"/w/{OTHER}/", **BROWSER)).status == 303

    play(machine, act)


# One workspace by itself


def test_one_workspace_at_the_root(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        cookie = scene.cookie("one")
        assert (await scene.get("localhost", "/", signed_in=False)).status == 401
        assert json.loads((await scene.get("localhost", "/a?b", Cookie=cookie)).text)["path"] == "/a?b"
        port = await scene.get("localhost", f"/proxy/{PORT_INSIDE}/a", Cookie=cookie, **BROWSER)
        assert json.loads(port.text)["path"] == "/a"
        assert headers_behind(port.text)["x-forwarded-prefix"] == f"/proxy/{PORT_INSIDE}"
        # The name is whatever Jupyter's host has; one that was rebound brings no session.
        assert (await scene.get("localhost", "/", Cookie=cookie, Host="hub.example")).status == 401
        assert (await scene.get("localhost", "/", signed_in=False, Host="evil.example")).status == 401
        assert (await scene.get("localhost", f"/proxy/{PORT_INSIDE}/../x", Cookie=cookie)).status == 400

    play(machine, act, one=ONE)


def test_one_workspace_under_a_prefix(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        import time

        token = scene.tokens.mint(f"one/{ID}", time.time(), 60)
        first = await scene.get("localhost", f"/nb/x/?token={token}", signed_in=False)
        assert "Path=/nb/x;" in first.headers["Set-Cookie"]
        cookie = scene.cookie("one")
        inside = await scene.get("localhost", "/nb/x/a", Cookie=cookie)
        assert json.loads(inside.text)["path"] == "/a"
        assert headers_behind(inside.text)["x-forwarded-prefix"] == "/nb/x"
        assert (await scene.get("localhost", "/nb/x", Cookie=cookie)).location == "./x/"
        moved = await scene.get("localhost", "/nb/x/redirect?to=/login", Cookie=cookie)
        assert moved.location == "./login"
        stripped = await scene.get(
            "localhost", "/redirect?to=/login", Cookie=cookie, X_Forwarded_Prefix="/outer/y"
        )
        assert stripped.location == "./login"
        hub = await scene.get("localhost", "/nb/x/a", Cookie=cookie, Host=f"hub.example:{scene.port}")
        assert hub.status == 200

    play(machine, act, one=Listen(base_path="/nb/x", allow_hosts=("hub.example",)))


def test_one_workspace_where_jupyter_leaves_its_prefix_in_the_path(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        cookie = scene.cookie("one")
        base = f"/user/ana/proxy/absolute/{scene.port}"
        inside = await scene.get("localhost", f"{base}/a", Cookie=cookie)
        assert json.loads(inside.text)["path"] == "/a"
        assert headers_behind(inside.text)["x-forwarded-prefix"] == base
        port = await scene.get("localhost", f"{base}/proxy/{PORT_INSIDE}/b", Cookie=cookie)
        assert json.loads(port.text)["path"] == "/b"
        other = await scene.get("localhost", "/proxy/absolute/1/a", Cookie=cookie)
        assert json.loads(other.text)["path"] == "/proxy/absolute/1/a"

    play(machine, act, one=ONE)


def test_without_a_login_pages_from_elsewhere_still_stay_out(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        assert (await scene.get("localhost", "/", signed_in=False)).status == 200
        for headers in (
            {"Origin": "http://evil.example"},
            {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        ):
            assert (await scene.get("localhost", "/", signed_in=False, **headers)).status == 403
        assert (await scene.get("localhost", "/", signed_in=False, Host="evil.example")).status == 421

    play(machine, act, one=Listen(auth="none"))
