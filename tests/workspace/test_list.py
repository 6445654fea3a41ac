"""What exists, on every engine that answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError
from cove.gpu.health import Loss
from cove.settings.settings import Settings
from cove.testing import FakeEngine
from cove.workspace.list import list_workspaces
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.engines.base import ContainerInfo, Engine
    from cove.workspace.records import Record
    from cove.workspace.session import Session

FOLDER = "devcontainer.local_folder"


@pytest.fixture
def podman() -> FakeEngine:
    return FakeEngine(name="podman")


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, podman: FakeEngine) -> list[FakeEngine]:
    """The engines that answer."""
    both = [engine, podman]
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: both)
    return both


def test_mine_on_all_engines_by_name(
    session: Session, engine: FakeEngine, podman: FakeEngine, there: ContainerInfo
) -> None:
    podman.add_container(
        labels={FOLDER: "/a/bananas", "cove.name": "b", "cove.owner": "1000"}, state="exited"
    )
    engine.add_container(labels={FOLDER: "/a/Vim Plugins"})  # made by another tool
    engine.add_container(labels={FOLDER: "/x", "cove.name": "theirs", "cove.owner": "1001"})
    engine.add_container(labels={**there.labels, "cove.run": "1"})
    engine.add_container(labels={"cove.name": "no folder"})
    rows = [(one.name, one.state, one.engine, one.mine) for one in list_workspaces(session)]
    assert rows == [
        ("b", "exited", "podman", False),
        ("digits", "running", "docker", True),
        ("vim-plugins", "running", "docker", False),
    ]
    assert [one.name for one in list_workspaces(session, everyone=True)] == [
        "b",
        "digits",
        "theirs",
        "vim-plugins",
    ]
    session.settings = Settings(engine="docker")
    assert {one.engine for one in list_workspaces(session)} == {"docker"}


def test_the_editor_is_what_was_started_last(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    engine.there[there.id] = there._replace(labels={**there.labels, "cove.ide": "code-server 4.1"})
    write_record(session.machine, record._replace(editor="code-server 4.2"))
    assert [one.editor for one in list_workspaces(session)] == ["code-server 4.2"]
    write_record(session.machine, record._replace(editor="code-server 4.2", container="gone"))
    assert [one.editor for one in list_workspaces(session)] == ["code-server 4.1"]


def test_an_engine_that_does_not_answer_is_told_of(
    session: Session, podman: FakeEngine, there: ContainerInfo
) -> None:
    podman.failures["containers"] = EngineError("away")
    assert [one.container for one in list_workspaces(session)] == [there.id]
    assert session.progress.warnings == ["away"]


def test_where_none_answers_nothing_is_said_of_workspaces(
    session: Session, engine: FakeEngine, podman: FakeEngine
) -> None:
    for one in (engine, podman):
        one.failures["containers"] = EngineError(f"{one.name} is away")
    with pytest.raises(EngineError, match="docker is away"):
        list_workspaces(session)


def test_without_any_engine_its_reason_is_raised(session: Session, engines: list[FakeEngine]) -> None:
    engines.clear()
    del session.engine
    session.machine = session.machine._replace(env={"PATH": "/nowhere"})
    with pytest.raises(EngineError, match="neither docker nor podman"):
        list_workspaces(session)


def test_gpus_are_held_while_a_container_runs(session: Session, engine: FakeEngine) -> None:
    labels = {FOLDER: "/a/b", "cove.gpus": "GPU-a,GPU-b"}
    running = engine.add_container(labels=labels)
    assert list_workspaces(session)[0].gpus == ("GPU-a", "GPU-b")
    engine.stop(running.id)
    assert list_workspaces(session)[0].gpus == ()


def test_what_no_longer_matches_its_files_says_which_changed(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    made_from = {f"{record.folder}/Dockerfile": "0" * 12, "/etc/hostname-of-none": "missing"}
    labels = {**there.labels, "cove.config": json.dumps(made_from)}
    engine.there[there.id] = there._replace(labels=labels)
    (listed,) = list_workspaces(session)
    assert listed.out_of_date == ("Dockerfile",)
    engine.there[there.id] = there._replace(labels={**labels, "cove.id": "another tool's"})
    (listed,) = list_workspaces(session)
    assert listed.out_of_date == (), "what another tool's label names is not read"


def test_what_was_lost_is_told_where_it_is_asked_for(
    session: Session, engine: FakeEngine, there: ContainerInfo
) -> None:
    loss = Loss("gone", "repair")
    engine.add_container(labels={FOLDER: "/a/b", "cove.owner": "1000"}, state="exited")
    asked: list[str] = []

    def find(engine: Engine, containers: Sequence[ContainerInfo]) -> dict[str, Loss]:
        asked.extend(container.id for container in containers)
        return {there.id: loss} if engine.name == "docker" else {}

    assert [one.loss for one in list_workspaces(session)] == [None, None]
    assert [one.loss for one in list_workspaces(session, losses=find)] == [None, loss]
    assert asked == [there.id]
