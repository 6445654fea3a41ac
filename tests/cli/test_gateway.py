"""`cove gateway`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from cove.host.machine import Machine

RUNNING = "running at http://localhost:17000 (pid 4711)\n"


@pytest.mark.parametrize(
    ("action", "runs", "expected", "started", "runs_then"),
    [
        ([], True, RUNNING, 0, True),
        ([], False, "not running; `cove up` starts it\n", 0, False),
        (["start"], True, RUNNING, 0, True),
        (["start"], False, RUNNING, 1, True),
        (["restart"], True, RUNNING, 1, True),
        (["stop"], True, "stopped\n", 0, False),
        (["stop"], False, "it was not running\n", 0, False),
        (["open"], False, "http://localhost:17000/?token=t\n", 1, True),
    ],
)
def test_actions(
    machine: Machine,
    gateway: Any,
    capsys: pytest.CaptureFixture[str],
    action: list[str],
    runs: bool,
    expected: str,
    started: int,
    runs_then: bool,
) -> None:
    gateway.runs = runs
    assert main(["gateway", *action]) == 0
    assert capsys.readouterr().out == expected
    assert (len(gateway.started), gateway.runs) == (started, runs_then)


def test_the_port_of_the_settings(machine: Machine, gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVE_GATEWAY_PORT", "18000")
    gateway.runs = False
    assert main(["gateway", "start"]) == 0
    assert gateway.started == [18000]


@pytest.mark.parametrize(
    ("action", "runs", "expected"),
    [
        (
            "status",
            True,
            {"running": True, "url": "http://localhost:17000", "port": 17000, "pid": 4711, "version": "1.0"},
        ),
        ("status", False, {"running": False}),
        ("stop", True, {"running": False, "stopped": True}),
    ],
)
def test_json(
    machine: Machine,
    gateway: Any,
    capsys: pytest.CaptureFixture[str],
    action: str,
    runs: bool,
    expected: dict[str, object],
) -> None:
    gateway.runs = runs
    assert main(["gateway", action, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected
