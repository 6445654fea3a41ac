"""One workspace a folder: made, joined, made anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cove.host.files import locked
from cove.host.proc import HostRunner
from cove.spec.run import Mount
from cove.workspace.address import read_address
from cove.workspace.bases import BuildOptions
from cove.workspace.consent import Consent
from cove.workspace.list import list_workspaces
from cove.workspace.records import read_record, state_folder
from cove.workspace.stop import remove_workspace
from cove.workspace.terms import UpRequest
from cove.workspace.up import find_container, up

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.engines.base import ContainerInfo
    from cove.host.proc import Command, Runner
    from cove.testing import FakeEngine
    from cove.workspace.session import Session
    from cove.workspace.terms import Opened


@pytest.fixture
def folder(project: Callable[..., str]) -> str:
    return project('{"image": "debian"}')


@pytest.fixture
def call(session: Session, folder: str, editor: object) -> Callable[..., Opened]:
    """Call `up` of the folder."""
    return lambda **words: up(session, UpRequest(folder, **words))


def change(folder: str) -> None:
    with open(f"{folder}/.devcontainer.json", "a") as file:
        file.write("// changed")


def test_a_second_call_joins(engine: FakeEngine, call: Callable[..., Opened]) -> None:
    first = call()
    asked = len(engine.execs)
    second = call()
    assert (first.created, second.created) == (True, False)
    assert second.record == first.record
    assert len(engine.runs) == 1
    assert len(engine.execs) == asked
    assert set(first.timings) >= {"image", "start", "open"}


def test_coming_back_is_attaching(
    engine: FakeEngine, session: Session, project: Callable[..., str], editor: object
) -> None:
    folder = project('{"image": "debian", "postAttachCommand": "hello"}')
    for times in (1, 2):
        opened = up(session, UpRequest(folder))
        assert opened.created is (times == 1)
        assert [one.argv[-1] for one in engine.execs].count("hello") == times


def test_an_editor_that_ended_is_started_again(
    engine: FakeEngine, call: Callable[..., Opened], editor: Any
) -> None:
    call()
    editor.listening[0].close()
    editor.closed = {"socket"}  # its old file is still there
    assert not call().created
    assert len(engine.runs) == 1
    assert [endpoint.way for endpoint in editor.tried] == ["socket", "socket", "exec"]


@pytest.mark.parametrize("restart", [False, True])
def test_a_stopped_or_restarted_container_is_entered_anew(
    session: Session, engine: FakeEngine, call: Callable[..., Opened], editor: Any, restart: bool
) -> None:
    first = call().record
    engine.stop(first.container)
    editor.closed = {"socket"}
    if restart:
        engine.start(first.container)
    second = call().record
    assert second.container == first.container
    assert second.started != first.started
    assert read_record(session.machine, first.id) == second


def test_without_its_record_the_engine_still_knows_it(
    session: Session, engine: FakeEngine, call: Callable[..., Opened], editor: Any
) -> None:
    first = call(name="mine").record
    os.unlink(f"{state_folder(session.machine, first.id)}/record.json")
    editor.closed = {"socket"}
    second = call().record
    assert (second.container, second.name, len(engine.runs)) == (first.container, "mine", 1)


def test_two_configurations_of_a_folder_are_two(
    engine: FakeEngine, call: Callable[..., Opened], folder: str
) -> None:
    call()
    with open(f"{folder}/gpu.json", "w") as file:
        file.write('{"image": "cuda"}')
    assert call(config="gpu.json").record.name == "digits-2"
    assert len(engine.containers({})) == 2


# -- changes


def test_changes_are_told_where_nobody_can_be_asked(
    session: Session, engine: FakeEngine, call: Callable[..., Opened], folder: str
) -> None:
    call()
    change(folder)
    opened = call()
    assert opened.out_of_date == (f"{folder}/.devcontainer.json",)
    assert len(engine.runs) == 1
    assert session.progress.warnings == [
        "changed since the container was made: .devcontainer.json; rebuild with `cove up --rebuild`"
    ]


@pytest.mark.parametrize("answer", [True, False])
def test_changes_are_asked_about(
    session: Session, engine: FakeEngine, call: Callable[..., Opened], folder: str, answer: bool
) -> None:
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return answer

    session.consent = Consent(ask=ask)
    call()
    call()
    assert asked == []
    change(folder)
    opened = call()
    (question,) = asked
    assert question.startswith("Changed since the container was made: .devcontainer.json.\nRebuild?")
    assert (opened.created, len(engine.runs), bool(opened.out_of_date)) == (answer, 1 + answer, not answer)


def test_rebuild_asks_nothing(
    session: Session, engine: FakeEngine, call: Callable[..., Opened], folder: str
) -> None:
    session.consent = Consent(ask=lambda _: False)
    first = call().record
    change(folder)
    second = call(rebuild=True, build=BuildOptions(pull=True)).record
    assert second.container != first.container
    assert [info.id for info in engine.containers({})] == [second.container]
    assert engine.calls.count("pull debian") == 2


# -- finding it


def test_the_container_on_record_is_asked_for_first_then_the_label(
    session: Session, engine: FakeEngine, there: ContainerInfo
) -> None:
    address = read_address(f"{session.machine.cwd}/digits")
    newer = engine.add_container(labels=there.labels)
    assert find_container(session, address) == there
    engine.remove(there.id)
    assert find_container(session, address) == newer
    engine.remove(newer.id)
    assert find_container(session, address) is None


def test_the_engine_on_record_is_used(session: Session, there: ContainerInfo) -> None:
    find_container(session, read_address(f"{session.machine.cwd}/digits"))
    assert session.settings.engine == "docker"


def test_one_at_a_time(session: Session, call: Callable[..., Opened], folder: str) -> None:
    """Another call holds the lock: it is said, and what comes after it starts once it lets go."""
    lock = locked(f"{state_folder(session.machine, read_address(folder).id)}/lock")
    lock.__enter__()

    class Listener:
        def note(self, text: str) -> None:
            assert text.startswith("another `cove up` of this folder is at work")
            lock.__exit__(None, None, None)

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_, **__: None

    session.progress.listeners.append(Listener())
    assert call().created
    assert len(session.progress.notes) == 1


def test_a_branch_is_a_workspace_of_its_own(
    session: Session,
    engine: FakeEngine,
    folder: str,
    git: Callable[..., str],
    editor: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    git(Path(folder), "init", "-q")
    git(Path(folder), "add", ".")
    git(Path(folder), "commit", "-qm", "one")
    session.runner = Both(session.runner)
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])
    main = up(session, UpRequest(folder))
    beside = up(session, UpRequest(folder, branch="wide"))
    assert (main.record.name, beside.record.name) == ("digits", "digits-wide")
    assert beside.record.folder != main.record.folder
    request = engine.runs[-1]
    assert Mount("bind", f"{folder}/.git", f"{folder}/.git") in request.mounts
    assert not up(session, UpRequest(folder, branch="wide")).created
    assert not up(session, UpRequest(beside.record.folder)).created
    assert len(engine.runs) == 2
    listed = {one.name: one for one in list_workspaces(session)}
    assert (listed["digits-wide"].repository, listed["digits-wide"].branch) == (folder, "wide")
    assert (listed["digits"].repository, listed["digits"].branch) == (folder, "main")

    Path(beside.record.folder, "notes.md").touch()
    stays = remove_workspace(session, "digits-wide", data=True).worktree
    assert stays == f"{beside.record.folder} stays: 1 file is not committed: notes.md"
    assert up(session, UpRequest(folder, branch="wide")).created
    assert remove_workspace(session, "digits-wide").worktree == f"its files stay in {beside.record.folder}"
    Path(beside.record.folder, "notes.md").unlink()
    assert up(session, UpRequest(folder, branch="wide")).created
    assert remove_workspace(session, "digits-wide", data=True).worktree == "removed"
    assert not os.path.exists(beside.record.folder)


class Both:
    """The engine's commands are answered by its stand-in, git's by git."""

    def __init__(self, engine: Runner) -> None:
        self._engine, self._host = engine, HostRunner()

    def __getattr__(self, name: str) -> Any:
        def call(command: Command, *words: Any) -> Any:
            runner = self._host if command.argv[0] == "git" else self._engine
            return getattr(runner, name)(command, *words)

        return call
