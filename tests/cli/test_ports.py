"""`cove ports`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.workspace import ports
from cove.workspace.records import write_record

from .conftest import INFO

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.testing import FakeEngine
    from cove.workspace.records import Record

TABLE = "   0: 0100007F:1776 00000000:0000 0A 0 0\n"


@pytest.fixture(autouse=True)
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cove.gateway.daemon.ensure_gateway", lambda *_, **__: INFO)


@pytest.fixture
def declared(machine: Machine, engine: FakeEngine, there: ContainerInfo, record: Record) -> Record:
    engine.runner.answer("docker exec cat /proc/net/tcp", stdout=TABLE)
    said = record._replace(ports={"3000": "App"}, port_attributes={"6006": {"label": "TensorBoard"}})
    write_record(machine, said)
    return said


def test_table(declared: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "digits"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1] == ["3000", "declared", "-", "App", "http://localhost:17000/w/digits/proxy/3000/"]
    assert rows[2] == ["6006", "listening", "-", "TensorBoard", "http://localhost:17000/w/digits/proxy/6006/"]


def test_json(declared: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "digits", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == "digits"
    assert document["ports"][1] == {
        "port": 6006,
        "label": "TensorBoard",
        "protocol": "",
        "onAutoForward": "notify",
        "declared": False,
        "listening": True,
        "url": "http://localhost:17000/w/digits/proxy/6006/",
    }


def test_nothing(there: ContainerInfo, record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports", "digits"]) == 0
    assert capsys.readouterr().out == "Nothing listens in digits, and no port is declared.\n"


def test_watching_ends_with_the_workspace(
    declared: Record,
    engine: FakeEngine,
    there: ContainerInfo,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(_: float) -> None:
        engine.there[there.id] = there._replace(state="exited")

    monkeypatch.setattr(ports.time, "sleep", stop)
    assert main(["ports", "digits", "--watch"]) == 0
    opened, closed = capsys.readouterr().out.splitlines()
    assert opened == "+ 6006  TensorBoard  http://localhost:17000/w/digits/proxy/6006/"
    assert closed == "- 6006  TensorBoard"
    engine.there[there.id] = there
    assert main(["ports", "digits", "--watch", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["event"], event["port"]) for event in events] == [("opened", 6006), ("closed", 6006)]
