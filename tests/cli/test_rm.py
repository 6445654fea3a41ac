"""`cove rm`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main
from cove.cli.rm import _tell
from cove.workspace.records import state_folder
from cove.workspace.stop import Stopped

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.testing import FakeEngine
    from cove.workspace.records import Record


@pytest.mark.parametrize("runs", [True, False])
def test_removed_and_the_gateway_told_if_there_is_one(
    engine: FakeEngine,
    there: ContainerInfo,
    record: Record,
    gateway: Any,
    capsys: pytest.CaptureFixture[str],
    runs: bool,
) -> None:
    gateway.runs = runs
    assert main(["rm", "digits"]) == 0
    assert capsys.readouterr().out == "digits is removed; the repository and its image stay.\n"
    assert engine.containers({}) == []
    assert gateway.forgotten == [record.id] * runs
    assert gateway.started == []


def test_its_data_only_when_asked(
    machine: Machine, there: ContainerInfo, record: Record, gateway: Any
) -> None:
    assert main(["rm", "digits", "--data"]) == 0
    assert not os.path.exists(state_folder(machine, record.id))


def test_of_another_tools_container_the_gateway_knows_nothing(engine: FakeEngine, gateway: Any) -> None:
    engine.add_container(labels={"devcontainer.local_folder": "/srv/vim"})
    assert main(["rm", "/srv/vim"]) == 0
    assert gateway.forgotten == []


@pytest.mark.parametrize(
    ("removed", "told"),
    [
        (Stopped("i", "x", "c", "docker"), "the repository and its image stay"),
        (Stopped("i", "x", "c", "docker", clone="removed"), "so is its clone; the image stays"),
        (Stopped("i", "x", "c", "docker", clone="/c stays: why"), "/c stays: why"),
        (
            Stopped("i", "x", "c", "docker", worktree="removed"),
            "so are its files; the branch and the image stay",
        ),
        (Stopped("i", "x", "c", "docker", worktree="its files stay in /w"), "its files stay in /w"),
    ],
)
def test_what_stays_is_told(removed: Stopped, told: str) -> None:
    assert _tell(removed) == told
