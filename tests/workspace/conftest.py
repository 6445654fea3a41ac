"""What the verbs' tests share: a session on an engine in memory, folders of its own, an editor that answers at once."""

from __future__ import annotations

import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from cove.errors import PlaceError
from cove.gpu.inventory import NVIDIA, Gpu, Hardware, Inventory
from cove.host.alive import describe_process
from cove.host.machine import Directories, Machine, Owner
from cove.ide.base import Bundle
from cove.places.local import editor_socket
from cove.spec.identity import identity_labels, workspace_id
from cove.testing import FakeEngine, FakeRunner
from cove.workspace.address import read_address
from cove.workspace.image import prepare_image
from cove.workspace.read import read_workspace
from cove.workspace.records import Record, write_record
from cove.workspace.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cove.engines.base import ContainerInfo
    from cove.places.base import Endpoint
    from cove.workspace.image import Image
    from cove.workspace.read import Reading

FENCE = "--cove-environment--\n"
PROBED = (
    f"dev\n1000\n1000\n/home/dev\n/bin/bash\n{FENCE}{FENCE}"
    f"PATH=/usr/bin\0\n{FENCE}{FENCE}PATH=/usr/bin\0EDITOR=vi\0\n{FENCE}"
)
"""What a container says of its user `dev`, whose shell sets EDITOR."""


@pytest.fixture
def machine(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    base = f"{tmp_path}/.cove"
    run = str(tmp_path_factory.mktemp("r"))  # short: there are sockets in it
    folders = Directories(f"{base}/config", f"{base}/data", f"{base}/cache", f"{base}/state", run)
    return Machine("Linux", "amd64", Owner(1000, 1000), False, f"{tmp_path}", {}, folders, f"{tmp_path}")


@pytest.fixture
def runner() -> FakeRunner:
    """Commands in containers succeed; a shell's script says what the probe of the remote user would."""
    return FakeRunner().answer("docker exec").answer("docker exec /bin/sh -c", stdout=PROBED)


@pytest.fixture
def engine(runner: FakeRunner) -> FakeEngine:
    return FakeEngine(runner)


@pytest.fixture
def session(machine: Machine, engine: FakeEngine) -> Session:
    session = Session(machine, engine.runner)
    session.engine = engine
    session.certificates, session.proxies = None, {}
    return session


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., str]:
    """Write files into the folder `digits` and return it: `project('{"image": "debian"}', Dockerfile="FROM …")`."""

    def write(config: str = "", **files: str) -> str:
        folder = tmp_path / "digits"
        folder.mkdir(exist_ok=True)
        if config:
            files = {".devcontainer.json": config, **files}
        for name, text in files.items():
            (folder / name).write_text(text)
        return str(folder)

    return write


@pytest.fixture
def git() -> Callable[..., str]:
    """Run real git in a folder and return what it prints: `git(folder, "status")`."""
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")

    def run(folder: Path, *words: str) -> str:
        argv = ["git", *who, *words]
        return subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

    return run


@pytest.fixture
def read(session: Session, project: Callable[..., str]) -> Callable[..., Reading]:
    """Return what is read of such a folder."""

    def read_folder(config: str = "", **files: str) -> Reading:
        return read_workspace(session.machine, read_address(project(config, **files)))

    return read_folder


@pytest.fixture
def labels(tmp_path: Path) -> dict[str, str]:
    """The labels of the container of a workspace in the folder `digits`."""
    folder = f"{tmp_path}/digits"
    return {
        **identity_labels(folder, f"{folder}/.devcontainer.json"),
        "cove.id": workspace_id(folder, f"{folder}/.devcontainer.json"),
        "cove.name": "digits",
        "cove.owner": "1000",
    }


@pytest.fixture
def record(tmp_path: Path, labels: dict[str, str]) -> Record:
    """A record of that workspace; its container is the first of the engine."""
    return Record(  # noqa: S604 - a field, not a command
        id=labels["cove.id"],
        name="digits",
        folder=f"{tmp_path}/digits",
        config_path=f"{tmp_path}/digits/.devcontainer.json",
        engine="docker",
        container=f"{1:064x}",
        user="dev",
        workspace_folder="/workspaces/digits",
        env={"EDITOR": "vi"},
        shell="/bin/bash",
        image="debian",
        started="2026-01-01T00:00:01Z",
    )


@pytest.fixture
def there(
    session: Session,
    engine: FakeEngine,
    project: Callable[..., str],
    labels: dict[str, str],
    record: Record,
) -> ContainerInfo:
    """That workspace, running and on record."""
    project('{"image": "debian"}')
    write_record(session.machine, record)
    return engine.add_container(labels=labels, image="debian")


class FakeEditor:
    """An editor that is there at once, by the ways that are not `closed`; its socket takes connections."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.closed: set[str] = set()
        self.tried: list[Endpoint] = []
        self.listening: list[socket.socket] = []

    def wait(
        self, place: object, endpoint: Endpoint, path: str, *, timeout: float, on_progress: object
    ) -> None:
        self.tried.append(endpoint)
        if endpoint.way in self.closed:
            raise PlaceError(f"nothing by {endpoint.way}")
        if endpoint.way == "socket":
            path = editor_socket(self.machine, endpoint.id)
            if any(link.fileno() >= 0 and link.getsockname() == path for link in self.listening):
                return  # as the real one, which leaves an editor that listens alone
            link = socket.socket(socket.AF_UNIX)
            link.bind(path)
            link.listen()
            self.listening.append(link)


@pytest.fixture
def editor(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEditor]:
    """Its files are here already, and nobody waits for it."""
    found = FakeEditor(machine)
    bundle = Bundle(
        f"{machine.directories.cache}/ide", "code-server", "4.1", "amd64", "glibc", "0", "release"
    )
    monkeypatch.setattr("cove.ide.bundle.find_bundle", lambda *_, **__: bundle)
    monkeypatch.setattr("cove.places.probe.wait_until_ready", found.wait)
    yield found
    for link in found.listening:
        link.close()


# -- a machine with GPUs

GPUS = tuple(
    Gpu(NVIDIA, number, f"GPU-{number}", "NVIDIA A100", f"/dev/nvidia{number}") for number in range(2)
)
CDI = {f"nvidia.com/gpu=GPU-{number}": "/etc/cdi/nvidia.yaml" for number in range(2)}


@pytest.fixture
def machine_with_two(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A machine with two GPUs and CDI; its value is the host's folder of notes."""
    folder = tmp_path / "leases"
    folder.mkdir()
    folder.chmod(0o1777)
    engine.told = engine.told._replace(cdi_folders=("/etc/cdi",))
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])
    # Engines of other tests may be at work on this machine.
    monkeypatch.setattr("cove.workspace.gpu_leases.read_starting", list)
    for module in ("gpus", "gpu_leases"):
        monkeypatch.setattr(f"cove.workspace.{module}.lease_folder", lambda: str(folder))
        monkeypatch.setattr(
            f"cove.workspace.{module}.read_inventory", lambda *_: Inventory(GPUS, hardware=Hardware(cdi=CDI))
        )
    return str(folder)


@pytest.fixture
def asked(session: Session, read: Callable[..., Reading]) -> Callable[..., tuple[Reading, Image]]:
    def ask(config: str = '{"image": "debian", "hostRequirements": {"gpu": true}}') -> tuple[Reading, Image]:
        reading = read(config)
        return reading, prepare_image(session, reading, name="digits")

    return ask


@pytest.fixture
def dead() -> str:
    """The mark of a process that has ended."""
    with subprocess.Popen(["sleep", "60"]) as process:
        mark = describe_process(process.pid)
        process.kill()
    return mark
