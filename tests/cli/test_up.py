"""`cove up`: its link, its summary, its document, its door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main
from cove.cli.up import tunnel_hint
from cove.errors import BuildError, PlaceError
from cove.gateway.views import Listen
from cove.workspace.bases import BuildOptions
from cove.workspace.terms import Announcement, Opened

if TYPE_CHECKING:
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session
    from cove.workspace.terms import UpRequest

    Ups = list[tuple[Session, UpRequest]]

URL = "http://localhost:17000/w/digits/?token=x"


@pytest.mark.parametrize(
    ("env", "url", "expected"),
    [
        ({}, URL, ""),
        (
            {"SSH_CONNECTION": "10.0.0.2 51000 10.0.0.9 22", "USER": "ada"},
            URL,
            "ssh -N -L 17000:localhost:17000 ada@10.0.0.9",
        ),
        (
            {"SSH_CONNECTION": "10.0.0.2 51000 10.0.0.9 2222"},
            URL,
            "ssh -N -L 17000:localhost:17000 -p 2222 10.0.0.9",
        ),
        ({"SSH_CONNECTION": "odd"}, URL, ""),
        ({"SSH_CONNECTION": "10.0.0.2 51000 10.0.0.9 22"}, "http+unix:///tmp/a.sock", ""),
    ],
)
def test_tunnel_hint(env: dict[str, str], url: str, expected: str) -> None:
    assert tunnel_hint(env, url) == expected


@pytest.fixture
def opened(record: Record) -> Opened:
    return Opened(
        record._replace(editor="code-server 4.1"),
        created=True,
        seconds=12.34,
        timings={"image": 11.0, "start": 0.2},
        origin="Dockerfile",
        substitutes={"debian:12": "localhost/x"},
        bundle="release",
    )


@pytest.fixture
def ups(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, opened: Opened) -> Ups:
    """The workspaces that were brought up, each in an instant."""
    asked: Ups = []

    def up(session: Session, request: UpRequest) -> Opened:
        asked.append((session, request))
        request.announce(Announcement(opened.record.id, "digits", request.folder, "docker"))
        return opened

    monkeypatch.setattr("cove.cli.up.up", up)
    return asked


def link_of(record: Record) -> str:
    return f"http://localhost:17000/w/{record.id}/?token=t"


def test_summary(ups: Ups, gateway: Any, record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "digits"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "✓ digits is ready after 12.3 s",
        "",
        f"  {link_of(record)}",
        "",
        "  built from  Dockerfile",
        "          in  /workspaces/digits as dev",
        "      engine  docker",
        "        base  debian:12: substitute built from this machine's Debian mirror",
        "      editor  code-server 4.1, from release",
        "        took  image 11.0 s",
    ]


def test_summary_of_one_that_was_there(
    ups: Ups,
    gateway: Any,
    opened: Opened,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        "cove.cli.up.up", lambda *_: Opened(record, created=False, seconds=0.04, timings={"open": 2.0})
    )
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.2 51000 10.0.0.9 22")
    monkeypatch.setenv("USER", "ada")
    assert main(["up", "digits"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "✓ digits is open after 0.0 s",
        "",
        f"  {link_of(record)}",
        "",
        "        in  /workspaces/digits as dev",
        "    engine  docker",
        "  over ssh  ssh -N -L 17000:localhost:17000 ada@10.0.0.9",
    ]


def test_ports_are_shown_with_their_links(
    gateway: Any, record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    open_ports = record._replace(ports={"6006": "TensorBoard", "7": ""})
    monkeypatch.setattr("cove.cli.up.up", lambda *_: Opened(open_ports, created=False))
    assert main(["up", "digits"]) == 0
    lines = capsys.readouterr().out.splitlines()
    base = link_of(record).partition("?")[0]
    assert f"    port  {base}proxy/6006/  TensorBoard" in lines
    assert f"    port  {base}proxy/7/" in lines
    assert main(["up", "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ports"][0] == {
        "port": 6006,
        "label": "TensorBoard",
        "url": f"{base}proxy/6006/",
    }


def test_quiet_is_the_link_alone(
    ups: Ups, gateway: Any, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "digits", "-q"]) == 0
    assert capsys.readouterr() == (f"{link_of(record)}\n", "")


def test_document(ups: Ups, gateway: Any, record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "digits",
        "url": link_of(record),
        "containerId": record.container,
        "remoteUser": "dev",
        "remoteWorkspaceFolder": "/workspaces/digits",
        "engine": "docker",
        "image": "debian",
        "created": True,
        "editor": "code-server 4.1",
        "gpus": "",
        "ports": [],
        "substitutes": {"debian:12": "localhost/x"},
        "recovered": "",
        "outOfDate": [],
        "timings": {"image": 11.0, "start": 0.2, "total": 12.34},
        "notes": [],
        "warnings": [],
    }


def test_words_become_the_request(ups: Ups, gateway: Any) -> None:
    words = [
        "--name",
        "n",
        "--config",
        "gpu",
        "--rebuild",
        "--no-cache",
        "--isolated",
        "--ide-source",
        "/a.tar.gz",
    ]
    assert main(["up", "digits", *words]) == 0
    ((session, request),) = ups
    assert request[:4] == ("digits", "gpu", "n", True)
    assert request.build == BuildOptions(no_cache=True)
    assert (request.isolated, session.settings.ide_source) == (True, "/a.tar.gz")


def test_recovering_becomes_the_request_and_is_told(
    ups: Ups,
    gateway: Any,
    opened: Opened,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["up", "digits", "--recover"]) == 0
    assert ups[0][1].recover
    monkeypatch.setattr("cove.cli.up.up", lambda *_: opened._replace(recovered="the last good image"))
    assert main(["up", "digits", "--recover"]) == 0
    assert "recovered  the last good image; the editor shows the log" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["--rebuild", "--no-cache", "--pull"])
def test_recovering_makes_nothing_anew(ups: Ups, word: str) -> None:
    assert main(["up", "digits", "--recover", word]) == 2
    assert ups == []


@pytest.mark.parametrize("runs", [True, False])
def test_the_gateway_hears_of_it_while_it_is_made_and_when_it_runs(
    ups: Ups, gateway: Any, runs: bool
) -> None:
    gateway.runs = runs
    assert main(["up", "digits"]) == 0
    assert gateway.started == ([] if runs else [0])
    assert gateway.told[0] == ("digits", "building")
    assert gateway.told[-1] == ("digits", "running")


def test_a_gateway_that_does_not_start_is_told_at_the_end(
    ups: Ups, gateway: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PlaceError("the gateway did not start")

    gateway.runs = False
    monkeypatch.setattr("cove.gateway.daemon.ensure_gateway", fail)
    assert main(["up", "digits"]) == 9
    assert len(ups) == 1
    assert "the gateway did not start" in capsys.readouterr().err


def test_what_fails_is_told_with_its_own_code(
    engine: FakeEngine, gateway: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise BuildError("step 3 failed")

    monkeypatch.setattr("cove.cli.up.up", fail)
    assert main(["up", "digits"]) == 5
    assert "step 3 failed" in capsys.readouterr().err


# -- a door of its own


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--port", "8888"], Listen(port=8888)),
        (
            ["--port", "0", "--host", "10.0.0.9", "--base-path", "/p", "--auth", "token"],
            Listen(host="10.0.0.9", port=0, base_path="/p"),
        ),
        (["--socket", "/tmp/s", "--auth", "none"], Listen(socket="/tmp/s", auth="none")),
    ],
)
def test_a_door_of_its_own(
    ups: Ups, gateway: Any, record: Record, words: list[str], expected: Listen
) -> None:
    assert main(["up", "digits", *words]) == 0
    assert gateway.served == [(record.id, expected)]


@pytest.mark.parametrize("words", [["--auth", "none"], ["--base-path", "/p"]])
def test_words_that_need_a_door_are_refused_before_any_work(
    ups: Ups, gateway: Any, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["up", "digits", *words]) == 2
    assert ups == []
    assert "Add --port PORT or --socket PATH" in capsys.readouterr().err
