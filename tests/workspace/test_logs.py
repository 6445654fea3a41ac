"""What a workspace wrote."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import NotFound
from cove.ide.profile import workspace_data
from cove.workspace.logs import plan_container_logs, read_editor_log, read_progress
from cove.workspace.progress import Progress, ProgressFile
from cove.workspace.records import state_folder

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


def test_progress_as_it_was_told(session: Session, there: ContainerInfo, record: Record) -> None:
    with pytest.raises(NotFound, match="nothing has been built or started"):
        read_progress(session, "digits")
    file = ProgressFile(f"{state_folder(session.machine, record.id)}/progress.jsonl")
    progress = Progress(file)
    step = progress.step("image", "image from debian")
    with step:
        step.line("pulling")
    progress.end(step, 1.5, failed=True)
    progress.warn("beware")
    file.close()
    lines = read_progress(session, "digits")
    assert lines[:2] == ["[image] image from debian", "[image] │ pulling"]
    assert lines[2].startswith("[image] done: image from debian (")
    assert lines[3:] == ["[image] failed: image from debian (1.5 s)", "warn: beware"]


def test_the_editors_last_lines(session: Session, there: ContainerInfo, record: Record) -> None:
    data = workspace_data(session.machine, record.id)
    assert read_editor_log(session, "digits", lines=2) == ""
    os.makedirs(data)
    with open(f"{data}/editor.log", "w") as file:
        file.write("one\ntwo\nthree\n")
    assert read_editor_log(session, "digits", lines=2) == "two\nthree"


def test_the_containers_own(session: Session, there: ContainerInfo) -> None:
    command = plan_container_logs(session, "digits", follow=True, tail=3)
    assert command.argv == ("docker", "logs", "--follow", "--tail=3", there.id)


def test_another_tool_has_its_own(session: Session, engine: FakeEngine) -> None:
    engine.add_container(labels={"devcontainer.local_folder": "/home/ada/digits"})
    with pytest.raises(NotFound, match="started by another tool"):
        read_progress(session, "/home/ada/digits")
    assert plan_container_logs(session, "/home/ada/digits", follow=False, tail=None).argv[:2] == (
        "docker",
        "logs",
    )
