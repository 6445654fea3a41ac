"""The gateway beside the work of `up`; tests/cli/test_up.py sees it from the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from cove.errors import PlaceError
from cove.gateway.doorkeeper import Doorkeeper
from cove.gateway.views import GatewayInfo, Listen
from cove.host.machine import read_machine
from cove.workspace.records import Record
from cove.workspace.terms import Announcement, Opened

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine

INFO = GatewayInfo("http://localhost:17000", 17000, "/nowhere", 4711, "1.0")
OPENED = Opened(
    Record("i", "n", "/f", "", "docker", "c", "dev", "/w", {}, "/bin/sh", "debian", ""), created=True
)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("COVE_HOME", str(tmp_path))
    monkeypatch.setattr(
        "cove.gateway.client.mint_link", lambda info, identity, path: f"{info.url}/{identity}{path}"
    )
    monkeypatch.setattr(
        "cove.gateway.client.serve_one", lambda _, identity, listen: f"{identity} {listen.port}"
    )
    return read_machine()


@pytest.mark.parametrize("runs", [True, False])
def test_it_tells_what_is_being_made_and_what_runs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, runs: bool
) -> None:
    told: list[str] = []
    monkeypatch.setattr("cove.gateway.daemon.find_gateway", lambda *_, **__: INFO if runs else None)
    monkeypatch.setattr("cove.gateway.daemon.ensure_gateway", lambda *_, **__: INFO)
    monkeypatch.setattr(
        "cove.gateway.client.register", lambda _, view, endpoint=None: told.append(view.state)
    )
    with Doorkeeper(machine, 0) as keeper:
        keeper.announce(Announcement("i", "n", "/f", "docker"))
    assert keeper.open(OPENED) == "http://localhost:17000/i"
    assert keeper.open(OPENED, Listen(port=8080)) == "i 8080"
    assert (told[0], told[-1]) == ("building", "running")


def test_the_link_opens_a_file(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cove.gateway.daemon.find_gateway", lambda *_, **__: INFO)
    with Doorkeeper(machine, 0) as keeper:
        link = keeper.open(OPENED._replace(shows="/var/lib/cove/a log"))
    payload = parse_qs(urlsplit(link).query)["payload"][0]
    assert json.loads(payload) == [["openFile", "vscode-remote://cove/var/lib/cove/a log"]]


def test_work_that_ends_before_the_gateway_has_started_is_not_held_up_by_its_failure(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PlaceError("the gateway did not start")

    monkeypatch.setattr("cove.gateway.daemon.find_gateway", lambda *_, **__: None)
    monkeypatch.setattr("cove.gateway.daemon.ensure_gateway", fail)
    with Doorkeeper(machine, 0) as keeper:
        pass
    with pytest.raises(PlaceError, match="did not start"):
        keeper.open(OPENED)
