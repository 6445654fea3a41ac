from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from cove.gateway.prefix_door import PrefixDoor, find_folder
from cove.gateway.starts import Starts

from .conftest import BROWSER, KEYS, PORT_INSIDE, play

if TYPE_CHECKING:
    from pathlib import Path

    from cove.gateway.directory import Directory
    from cove.host.machine import Machine

    from .conftest import Scene

HUB = {"Host": "hub.example", "X_Forwarded_Prefix": "/user/ana/cove"}
FROM_HERE = {"Sec_Fetch_Site": "same-origin"}


def door(machine: Machine, secret: str = "", words: tuple[str, ...] = ("false",)) -> PrefixDoor:
    return PrefixDoor(
        cast("Directory", None), KEYS, Starts(machine, words), root="/home/ana/work", secret=secret
    )


def test_the_list_leads_below_the_prefix(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        page = await scene.get("hub", "/", signed_in=False, **HUB, **BROWSER)
        assert page.status == 200
        assert 'href="/user/ana/cove/w/digits/"' in page.text
        assert 'href="/user/ana/cove/open?folder=/home/ana/other"' in page.text
        assert 'data-base="/user/ana/cove"' in page.text
        assert "/w/digits/" in (await scene.get("hub", "/_cove/list", signed_in=False, **HUB)).text
        assert (await scene.get("hub", "/nothing", signed_in=False, **HUB)).status == 404

    play(machine, act, fronted=door(machine))


def test_a_workspace_and_its_ports(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        hub = {**HUB, "Cookie": "username-hub=login; a=1"}
        editor = await scene.get("hub", "/w/digits/a?b", **hub)
        asked = json.loads(editor.text)
        headers = {name.lower(): value for name, value in asked["headers"]}
        assert asked["path"] == "/a?b"
        assert headers["x-forwarded-prefix"] == "/user/ana/cove/w/digits"
        assert headers["cookie"] == "a=1"
        port = json.loads((await scene.get("hub", f"/w/digits/proxy/{PORT_INSIDE}/x", **hub)).text)
        assert port["path"] == "/x"
        for asked_for, passed in (("/w/digits/?token=j&a=b", "/?a=b"), ("/w/digits/x?token=j", "/x")):
            assert json.loads((await scene.get("hub", asked_for, **hub)).text)["path"] == passed
        own = await scene.get("hub", f"/w/digits/proxy/{PORT_INSIDE}/x?token=own", **hub)
        assert json.loads(own.text)["path"] == "/x?token=own"
        for path, location in (
            ("/w/digits", "./digits/"),
            (f"/w/digits/proxy/{PORT_INSIDE}", f"./{PORT_INSIDE}/"),
            ("/w/digits/redirect?to=/login", "./login"),
            ("/w/other/", "../../open?folder=/home/ana/other"),
        ):
            assert (await scene.get("hub", path, **hub)).location == location
        assert (await scene.get("hub", "/w/nobody/", **hub)).status == 404
        assert (await scene.get("hub", "/w/digits/../x", **hub)).status == 400
        news = json.loads((await scene.get("hub", "/w/digits/_cove/progress?from=0", **hub)).text)
        assert news["ready"] is True

    play(machine, act, fronted=door(machine))


def test_a_secret_that_the_front_sends(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        assert (await scene.get("hub", "/", signed_in=False, **HUB)).status == 401
        assert (await scene.get("hub", "/", signed_in=False, **HUB, X_Cove_Door="wrong")).status == 401
        assert (await scene.get("hub", "/", signed_in=False, **HUB, X_Cove_Door="right")).status == 200
        inside = await scene.get("hub", "/w/digits/a", signed_in=False, **HUB, X_Cove_Door="right")
        assert "right" not in inside.text

    play(machine, act, fronted=door(machine, "right"))


def test_pages_from_elsewhere_stay_out(machine: Machine) -> None:
    async def act(scene: Scene) -> None:
        foreign = {**HUB, "Origin": "http://evil.example"}
        for path in ("/", "/_cove/up", "/w/digits/"):
            assert (await scene.get("hub", path, signed_in=False, method="POST", **foreign)).status == 403
        here = await scene.get("hub", "/open/x", signed_in=False, **{**HUB, **BROWSER, **FROM_HERE})
        assert 'data-auto="1"' in here.text
        led = {**HUB, **BROWSER, "Sec-Fetch-Site": "cross-site"}
        there = await scene.get("hub", "/open/x", signed_in=False, **led)
        assert 'data-auto=""' in there.text, "a link on a foreign page starts nothing"

    play(machine, act, fronted=door(machine))


def test_a_start_that_fails(machine: Machine, tmp_path: Path) -> None:
    program = tmp_path / "cove"
    program.write_text('#!/bin/sh\necho \'{"error": "BuildError", "message": "no such base"}\'; exit 5\n')
    program.chmod(0o755)
    (tmp_path / "Dockerfile").write_text("FROM x\n")

    async def act(scene: Scene) -> None:
        async def ask(query: str = "", **asked: object) -> dict[str, object]:
            method, data = ("POST", json.dumps(asked)) if asked else ("GET", None)
            answer = await scene.get(
                "hub", f"/_cove/up{query}", signed_in=False, method=method, data=data, **HUB
            )
            assert answer.status == 200, answer.text
            return dict(json.loads(answer.text))

        begun = await ask(folder=str(tmp_path))
        news: dict[str, object] = {}
        while "failure" not in news:
            news = await ask(f"?id={begun['id']}&from=0")
        assert cast("dict[str, object]", news["failure"])["message"] == "no such base"
        empty = await scene.get(
            "hub", "/_cove/up", signed_in=False, method="POST", data='{"folder": "/nowhere"}', **HUB
        )
        assert (empty.status, "does not exist" in empty.text) == (400, True)
        for bad in ("", "[]", "{"):
            assert (
                await scene.get("hub", "/_cove/up", signed_in=False, method="POST", data=bad, **HUB)
            ).status == 400
        assert (await scene.get("hub", "/_cove/up?id=x", signed_in=False, **HUB)).status == 400

    play(machine, act, fronted=door(machine, words=(str(program),)))


@pytest.mark.parametrize(
    ("path", "query", "folder"),
    [
        ("/a/b%20c", "", "/root/a/b c"),
        ("", "", "/root"),
        ("/", "folder=/x/y", "/x/y"),
        ("", "folder=x", "/root"),
    ],
)
def test_which_folder(path: str, query: str, folder: str) -> None:
    assert find_folder("/root", path, query) == folder
