"""The commands from Python, on an engine in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import cove
from cove import api
from cove.errors import BuildError, EngineError, LifecycleError, NotFound, Refused
from cove.gateway.views import GatewayInfo
from cove.host.machine import read_machine
from cove.spec.identity import identity_labels, workspace_id
from cove.testing import FakeEngine, FakeRunner
from cove.workspace.build import Built
from cove.workspace.records import Record, write_record
from cove.workspace.terms import Opened

if TYPE_CHECKING:
    from pathlib import Path

    from cove.workspace.bases import BuildOptions
    from cove.workspace.session import Session
    from cove.workspace.terms import UpRequest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of the test's own, no settings, no engine's variables; a gateway that runs."""
    for name in ("COVE_ENGINE", "DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COVE_HOME", f"{tmp_path}/.cove")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cove.host.certificates.read_certificates", lambda *_: None)
    info = GatewayInfo("http://localhost:17000", 17000, "/nowhere", 4711, "1.0")
    monkeypatch.setattr("cove.gateway.daemon.find_gateway", lambda *_, **__: info)
    monkeypatch.setattr("cove.gateway.daemon.ensure_gateway", lambda *_, **__: info)
    monkeypatch.setattr(
        "cove.gateway.client.mint_link", lambda info, name, **_: f"{info.url}/w/{name}/?token=t"
    )


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    engine = FakeEngine(FakeRunner())
    monkeypatch.setattr("cove.engines.choose.read_engine", lambda *_: engine)
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])
    monkeypatch.setattr(api, "_runner", lambda: engine.runner)
    return engine


@pytest.fixture
def record(engine: FakeEngine, tmp_path: Path) -> Record:
    """A workspace `digits` that runs."""
    (tmp_path / "digits").mkdir()
    folder, machine = f"{tmp_path}/digits", read_machine()
    record = Record(  # noqa: S604 - a field, not a command
        id=workspace_id(folder, ""),
        name="digits",
        folder=folder,
        config_path="",
        engine="docker",
        container=f"{1:064x}",
        user="dev",
        workspace_folder="/workspaces/digits",
        env={"PATH": "/opt/bin"},
        shell="/bin/bash",
        image="debian",
        started="",
    )
    labels = {"cove.id": record.id, "cove.name": "digits", "cove.owner": str(machine.owner.uid)}
    engine.add_container(labels={**identity_labels(folder, ""), **labels})
    write_record(machine, record)
    return record


# -- commands in it


def test_exec(engine: FakeEngine, record: Record) -> None:
    engine.runner.answer("docker exec cat", stdout="hello\n", stderr="w\n")
    done = cove.find("digits").exec(["cat", "-"], stdin="hello\n", env={"A": "1"}, timeout=9)
    assert done == cove.Completed(("cat", "-"), 0, "hello\n", "w\n")
    (asked,) = engine.execs
    assert (asked.user, asked.workdir, asked.env) == (
        "dev",
        "/workspaces/digits",
        {"PATH": "/opt/bin", "A": "1"},
    )
    assert (asked.interactive, asked.tty) == (True, False)
    (command,) = engine.runner.commands
    assert (command.stdin, command.timeout) == (b"hello\n", 9)


def test_a_command_that_fails(engine: FakeEngine, record: Record) -> None:
    engine.runner.answer("docker exec false", stderr="no\nway\n", code=3)
    workspace = cove.find(record.folder)
    with pytest.raises(LifecycleError, match="`false now` ended with 3") as caught:
        workspace.exec(["false", "now"])
    assert caught.value.detail == "no\nway"
    assert workspace.exec(["false", "now"], check=False).code == 3


def test_a_command_in_one_that_does_not_run(engine: FakeEngine, record: Record) -> None:
    engine.runner.answer("docker exec true", stderr="is not running", code=1)
    workspace = cove.find("digits")
    workspace.stop()
    assert workspace.state == "exited"
    with pytest.raises(EngineError, match="digits is exited"):
        workspace.exec(["true"])


# -- finding


def test_what_is_known_of_a_workspace(record: Record) -> None:
    (workspace,) = cove.workspaces()
    assert (workspace.name, workspace.id, workspace.folder) == ("digits", record.id, record.folder)
    assert (workspace.engine, workspace.user, workspace.container_id) == ("docker", "dev", f"{1:064x}")
    assert workspace.workspace_folder == "/workspaces/digits"
    assert workspace.state == "running"
    assert workspace.url == f"http://localhost:17000/w/{record.id}/?token=t"
    assert repr(workspace) == f"<cove workspace digits in {record.folder}, docker>"


def test_one_that_is_not_there(record: Record) -> None:
    with pytest.raises(NotFound, match="no workspace `other`") as caught:
        cove.find("other")
    assert "digits" in caught.value.hint


def test_removed(engine: FakeEngine, record: Record) -> None:
    workspace = cove.find("digits")
    workspace.remove()
    assert workspace.state == "removed"
    assert cove.workspaces() == []
    with pytest.raises(NotFound, match="no workspace"):
        workspace.logs()


# -- bringing up


@pytest.fixture
def ups(
    engine: FakeEngine, record: Record, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Session, UpRequest]]:
    asked: list[tuple[Session, UpRequest]] = []

    def up(session: Session, request: UpRequest) -> Opened:
        asked.append((session, request))
        with session.progress.step("image", "image from Dockerfile") as step:
            step.line("STEP 1")
        session.progress.note("n")
        session.progress.warn("w")
        return Opened(record, created=True)

    monkeypatch.setattr("cove.workspace.up.up", up)
    return asked


def test_up(ups: list[tuple[Session, UpRequest]], record: Record) -> None:
    heard: list[cove.Event] = []
    workspace = cove.up(
        record.folder,
        name="n",
        rebuild=True,
        engine="podman",
        isolated=True,
        trust=True,
        on_event=heard.append,
    )
    ((session, request),) = ups
    assert request[:4] == (record.folder, "", "n", True)
    assert (session.settings.engine, request.isolated) == ("podman", True)
    assert session.consent[:3] == (False, True, False)
    assert (workspace.name, workspace.created) == ("digits", True)
    assert [event._replace(seconds=0.0) for event in heard] == [
        ("begin", "image", "image from Dockerfile", 0.0, False),
        ("line", "image", "STEP 1", 0.0, False),
        ("end", "image", "image from Dockerfile", 0.0, False),
        ("note", "", "n", 0.0, False),
        ("warn", "", "w", 0.0, False),
    ]


def test_events_as_they_come(ups: list[tuple[Session, UpRequest]], record: Record) -> None:
    going = cove.bring_up(record.folder)
    assert [event.kind for event in going] == ["begin", "line", "end", "note", "warn"]
    assert list(going) == []
    assert going.workspace.name == "digits"


def test_an_up_that_fails_while_its_events_are_read(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = threading.Event()

    def up(session: Session, _: UpRequest) -> Opened:
        session.progress.note("begun")
        assert heard.wait(10)
        raise BuildError("step 3 failed")

    monkeypatch.setattr("cove.workspace.up.up", up)
    going = cove.bring_up(".")
    for event in going:
        assert event.text == "begun"
        heard.set()
    with pytest.raises(BuildError, match="step 3 failed"):
        _ = going.workspace


def test_nobody_is_asked(engine: FakeEngine, tmp_path: Path) -> None:
    (tmp_path / ".devcontainer.json").write_text('{"image": "debian", "initializeCommand": "true"}')
    with pytest.raises(Refused):
        cove.up(str(tmp_path))
    assert engine.calls == []


# -- without an editor


def test_throw_away(engine: FakeEngine, tmp_path: Path) -> None:
    fence = "--cove-environment--\n"
    probed = f"root\n0\n0\n/root\n/bin/bash\n{fence}{fence}PATH=/usr/bin\0\n{fence}"
    engine.runner.answer("docker exec").answer("docker exec /bin/sh -c", stdout=probed)
    engine.runner.answer("docker exec id", stdout="root\n")
    (tmp_path / ".devcontainer.json").write_text('{"image": "debian"}')
    with cove.throw_away(str(tmp_path)) as container:
        assert container.exec(["id", "-un"]).stdout == "root\n"
        assert len(engine.there) == 1
    assert engine.there == {}


def test_build(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(_: Session, folder: str, *, config: str, options: BuildOptions) -> Built:
        return Built(options.tags, f"{folder} {config}", 1, options.push)

    monkeypatch.setattr("cove.workspace.build.build", build)
    assert cove.build("f", tags=["a", "b"], config="c", push=True) == (("a", "b"), "f c", 1, True)


def test_gpus_are_those_of_the_command(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    from cove.workspace.gpu_list import GpuList

    none = GpuList((), (), "", "")
    monkeypatch.setattr("cove.workspace.gpu_list.list_gpus", lambda _: none)
    assert api.gpus()["gpus"] == []
