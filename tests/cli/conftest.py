"""What the commands' tests share: folders of their own, an engine in memory, a gateway that notes what it is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.gateway.views import GatewayInfo
from cove.host.machine import read_machine
from cove.spec.identity import identity_labels, workspace_id
from cove.testing import FakeEngine, FakeRunner
from cove.workspace.records import Record, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from cove.engines.base import ContainerInfo
    from cove.gateway.views import Listen, WorkspaceView
    from cove.host.machine import Machine
    from cove.places.base import Endpoint

FENCE = "--cove-environment--\n"
PROBED = f"dev\n1000\n1000\n/home/dev\n/bin/bash\n{FENCE}{FENCE}PATH=/usr/bin\0\n{FENCE}"
FOREIGN = ("COVE_", "DOCKER_", "CONTAINER_", "XDG_", "SUDO_", "SSH_", "HTTP", "http", "ALL_", "NO_", "FTP_")
INFO = GatewayInfo("http://localhost:17000", 17000, "/nowhere", 4711, "1.0")


@pytest.fixture
def machine(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Machine:
    """This machine, its settings and folders those of the test; the current folder is the test's as well."""
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COVE_HOME", f"{tmp_path}/.cove")
    monkeypatch.setenv("COVE_RUN_DIR", str(tmp_path_factory.mktemp("r")))
    monkeypatch.chdir(tmp_path)
    return read_machine()


@pytest.fixture
def engine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine of every command; its containers have the user `dev`."""
    runner = FakeRunner().answer("docker exec").answer("docker exec /bin/sh -c", stdout=PROBED)
    engine = FakeEngine(runner)
    monkeypatch.setattr("cove.engines.choose.read_engine", lambda *_: engine)
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])
    monkeypatch.setattr("cove.host.certificates.read_certificates", lambda *_: None)
    monkeypatch.setattr("cove.cli.context.HostRunner", lambda: runner)
    return engine


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A folder `digits` with a configuration."""
    path = tmp_path / "digits"
    path.mkdir()
    (path / ".devcontainer.json").write_text('{"image": "debian"}')
    return str(path)


@pytest.fixture
def record(folder: str) -> Record:
    """A record of its workspace; the container is the first of the engine."""
    config = f"{folder}/.devcontainer.json"
    return Record(  # noqa: S604 - a field, not a command
        id=workspace_id(folder, config),
        name="digits",
        folder=folder,
        config_path=config,
        engine="docker",
        container=f"{1:064x}",
        user="dev",
        workspace_folder="/workspaces/digits",
        env={},
        shell="/bin/bash",
        image="debian",
        started="2026-01-01T00:00:01Z",
    )


@pytest.fixture
def there(machine: Machine, engine: FakeEngine, record: Record) -> ContainerInfo:
    """That workspace, running and on record."""
    write_record(machine, record)
    labels = {
        **identity_labels(record.folder, record.config_path),
        "cove.id": record.id,
        "cove.name": record.name,
        "cove.owner": str(machine.owner.uid),
        "cove.ide": "code-server 4.1",
    }
    return engine.add_container(labels=labels)


class FakeGateway:
    """A gateway; `runs` until it is stopped, and started when it is needed."""

    def __init__(self) -> None:
        self.runs = True
        self.started: list[int] = []
        self.told: list[tuple[str, str]] = []
        """Names and states that were announced."""
        self.forgotten: list[str] = []
        self.served: list[tuple[str, Listen]] = []

    def read(self, _: Machine, *, port: int = 0) -> GatewayInfo | None:
        return INFO if self.runs else None

    def ensure(self, _: Machine, *, port: int = 0) -> GatewayInfo:
        if not self.runs:
            self.started.append(port)
            self.runs = True
        return INFO

    def stop(self, _: Machine) -> bool:
        was, self.runs = self.runs, False
        return was

    def mint(self, info: GatewayInfo, workspace: str = "", *, path: str = "") -> str:
        return f"{info.url}/w/{workspace}/{path}?token=t" if workspace else f"{info.url}/?token=t"

    def register(self, _: GatewayInfo, view: WorkspaceView, endpoint: Endpoint | None = None) -> None:
        self.told.append((view.name, view.state))

    def serve_one(self, _: GatewayInfo, workspace: str, listen: Listen) -> str:
        self.served.append((workspace, listen))
        return f"http://{listen.host}:{listen.port}/?token=t"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    found = FakeGateway()
    monkeypatch.setattr("cove.gateway.daemon.read_gateway", found.read)
    monkeypatch.setattr("cove.gateway.daemon.find_gateway", found.read)
    monkeypatch.setattr("cove.gateway.daemon.ensure_gateway", found.ensure)
    monkeypatch.setattr("cove.gateway.daemon.stop_gateway", found.stop)
    monkeypatch.setattr("cove.gateway.client.mint_link", found.mint)
    monkeypatch.setattr("cove.gateway.client.register", found.register)
    monkeypatch.setattr("cove.gateway.client.serve_one", found.serve_one)
    monkeypatch.setattr("cove.gateway.client.forget", lambda _, identity: found.forgotten.append(identity))
    return found
