"""`cove open`: the token goes by no process list."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.testing import FakeEngine
    from cove.workspace.records import Record


def at_terminal(monkeypatch: pytest.MonkeyPatch, it_is: bool) -> None:
    stdout = SimpleNamespace(isatty=lambda: it_is)
    monkeypatch.setattr("cove.cli.open.sys", SimpleNamespace(stdout=stdout))


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was opened at, from a terminal."""
    opened: list[str] = []

    def open_it(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", open_it)
    at_terminal(monkeypatch, True)
    return opened


def test_by_a_page_for_the_persons_eyes(
    machine: Machine,
    there: ContainerInfo,
    record: Record,
    gateway: Any,
    browser: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["open", "digits"]) == 0
    (url,) = browser
    assert "token" not in url
    page = url.removeprefix("file://")
    assert os.stat(page).st_mode & 0o777 == 0o600
    with open(page) as file:
        assert f'url=http://localhost:17000/w/{record.id}/?token=t"' in file.read()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [["--print"], ["--json"]])
def test_printed_where_it_is_asked_for(
    there: ContainerInfo,
    record: Record,
    gateway: Any,
    browser: list[str],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    assert main(["open", "digits", *words]) == 0
    url, said = f"http://localhost:17000/w/{record.id}/?token=t", capsys.readouterr().out
    assert (json.loads(said) if "--json" in words else said.strip()) == (
        {"name": "digits", "url": url} if "--json" in words else url
    )
    assert browser == []


def test_printed_where_there_is_no_browser_or_terminal(
    there: ContainerInfo,
    gateway: Any,
    browser: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    assert main(["open", "digits"]) == 0
    at_terminal(monkeypatch, False)
    assert main(["open", "digits"]) == 0
    assert capsys.readouterr().out.count("?token=t\n") == 2
    assert browser == []


def test_the_gateway_is_started_for_it(there: ContainerInfo, gateway: Any) -> None:
    gateway.runs = False
    assert main(["open", "digits"]) == 0
    assert gateway.started == [0]


def test_what_does_not_run_cannot_be_opened(
    engine: FakeEngine, there: ContainerInfo, gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.stop(there.id)
    assert main(["open", "digits"]) == 4
    assert "the workspace digits is exited" in capsys.readouterr().err


@pytest.fixture
def desktop(machine: Machine, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A VS Code on PATH that notes how it was called."""
    program = tmp_path / "bin" / "code"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s " "$@" > {tmp_path}/called\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path / "called"


def test_vs_code_attaches(
    there: ContainerInfo, record: Record, desktop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["open", "digits", "--desktop", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["way"] == "attach"
    assert told["url"].startswith("vscode-remote://attached-container+")
    assert told["url"].endswith("/workspaces/digits")
    assert not desktop.exists()


def test_vs_code_is_started(
    there: ContainerInfo, engine: FakeEngine, desktop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cove.host.proc import HostRunner

    monkeypatch.setattr(engine.runner, "attach", HostRunner().attach)
    assert main(["open", "digits", "--desktop"]) == 0
    assert desktop.read_text().startswith("--folder-uri vscode-remote://attached-container+")


def test_other_editors_go_by_ssh(
    there: ContainerInfo,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("cove.ssh.connect.prepare", lambda *_: None)
    assert main(["open", "digits", "--editor", "zed", "--print", "--yes"]) == 0
    assert capsys.readouterr().out == "ssh://digits.cove/workspaces/digits\n"
    with open(f"{machine.home}/.ssh/config") as file:
        assert "/ssh/config" in file.read()
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    assert main(["open", "digits", "--editor", "pycharm"]) == 9
    assert "jetbrains-gateway://connect#" in capsys.readouterr().err
    assert main(["open", "digits", "--editor", "zed", "--desktop"]) == 2
