"""`cove logs`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.ide.profile import workspace_data
from cove.workspace.progress import ProgressFile
from cove.workspace.records import state_folder

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.testing import FakeEngine
    from cove.workspace.records import Record


@pytest.fixture(autouse=True)
def written(machine: Machine, there: ContainerInfo, record: Record) -> None:
    file = ProgressFile(f"{state_folder(machine, record.id)}/progress.jsonl")
    file.begin("image", "image from debian")
    file.warn("beware")
    file.close()
    data = workspace_data(machine, record.id)
    os.makedirs(data)
    with open(f"{data}/editor.log", "w") as log:
        log.write("one\ntwo\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "[image] image from debian\nwarn: beware\n"),
        (["--tail", "1"], "warn: beware\n"),
        (["--editor"], "one\ntwo\n"),
        (["--editor", "-n", "1"], "two\n"),
    ],
)
def test_coves_and_the_editors(capsys: pytest.CaptureFixture[str], words: list[str], expected: str) -> None:
    assert main(["logs", "digits", *words]) == 0
    assert capsys.readouterr().out == expected


def test_the_containers(engine: FakeEngine, there: ContainerInfo) -> None:
    engine.runner.answer("docker logs", code=5)
    assert main(["logs", "digits", "--container", "-f", "-n", "3"]) == 5
    assert engine.runner.attached[0].argv == ("docker", "logs", "--follow", "--tail=3", there.id)


def test_one_of_them_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "digits", "--editor", "--container"]) == 2
    assert "not allowed with" in capsys.readouterr().err
