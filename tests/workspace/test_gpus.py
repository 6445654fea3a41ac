"""GPUs for a workspace: the wish, the lease, and how long it lasts."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, EngineError, GpuError, UsageError
from cove.gpu.inventory import NVIDIA, Gpu, Hardware, Inventory
from cove.gpu.queue import Ticket, join_queue
from cove.gpu.way import NO_GPU
from cove.host.alive import describe_process, read_start
from cove.spec.gpus import GpuRequest
from cove.workspace.gpu_queue import user_name
from cove.workspace.gpus import (
    GpuOptions,
    keep,
    leasing,
    preview,
    read_leases,
    read_request,
    start_leased,
)
from cove.workspace.image import prepare_image
from cove.workspace.make import make
from cove.workspace.terms import UpRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.testing import FakeEngine
    from cove.workspace.image import Image
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

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
    monkeypatch.setattr("cove.workspace.gpus.lease_folder", lambda: str(folder))
    monkeypatch.setattr(
        "cove.workspace.gpus.read_inventory", lambda: Inventory(GPUS, hardware=Hardware(cdi=CDI))
    )
    return str(folder)


@pytest.fixture
def asked(session: Session, read: Callable[..., Reading]) -> Callable[..., tuple[Reading, Image]]:
    def ask(config: str = '{"image": "debian", "hostRequirements": {"gpu": true}}') -> tuple[Reading, Image]:
        reading = read(config)
        return reading, prepare_image(session, reading, name="digits")

    return ask


# -- the wish


@pytest.mark.parametrize(
    ("said", "options", "expected"),
    [
        ("", GpuOptions(), None),
        ('"hostRequirements": {"gpu": "optional"}', GpuOptions(), GpuRequest(optional=True)),
        ('"runArgs": ["--gpus", "all"]', GpuOptions(), GpuRequest(-1)),
        ('"customizations": {"cove": {"gpus": 2}}', GpuOptions(share=True), GpuRequest(2, shared=True)),
        ('"runArgs": ["--gpus", "all"]', GpuOptions("1"), GpuRequest(1)),
    ],
)
def test_one_request(
    asked: Callable[..., tuple[Reading, Image]], said: str, options: GpuOptions, expected: GpuRequest | None
) -> None:
    reading, image = asked('{"image": "debian"' + (f", {said}" if said else "") + "}")
    found = read_request(reading, image, options)
    assert (found and found._replace(origin="")) == expected


@pytest.mark.parametrize("env", [{"CUDA_VERSION": "12.4.1"}, {"NVIDIA_VISIBLE_DEVICES": "all"}])
def test_an_image_that_is_made_for_cuda_gets_one_if_there_is_one(
    asked: Callable[..., tuple[Reading, Image]], engine: FakeEngine, env: dict[str, str]
) -> None:
    engine.add_image("debian", env=env)
    reading, image = asked('{"image": "debian"}')
    request = read_request(reading, image, GpuOptions())
    assert request == GpuRequest(optional=True, origin="the image is made for CUDA")


def test_mistakes_name_their_place(asked: Callable[..., tuple[Reading, Image]]) -> None:
    with pytest.raises(
        ConfigurationError, match=r"\.devcontainer\.json:2:38: `customizations\.cove\.gpus\.count`"
    ):
        asked('{"image": "debian",\n"customizations": {"cove": {"gpus": {"count": []}}}}')
    config = '{"image": "debian", "runArgs": ["--gpus=all"],\n"customizations": {"cove": {"gpus": 1}}}'
    reading, image = asked(config)
    with pytest.raises(UsageError, match=r"\.devcontainer\.json:2:29 .* and of .*\.devcontainer\.json:1:33"):
        read_request(reading, image, GpuOptions())


# -- the lease


def test_who_asks_for_none_gets_none(
    session: Session, engine: FakeEngine, asked: Callable[..., tuple[Reading, Image]]
) -> None:
    reading, image = asked('{"image": "debian"}')
    with leasing(session, reading, image) as granted:
        assert granted == (None, "", False)
    engine.told = engine.told._replace(runtimes=("runc", "nvidia"))
    with leasing(session, reading, image, GpuOptions("none")) as granted:
        assert granted == (NO_GPU, "runs on the CPU, as asked", False)


def test_a_workspace_holds_its_gpu_while_its_container_runs(
    session: Session, engine: FakeEngine, machine_with_two: str, editor: object, project: Callable[..., str]
) -> None:
    from cove.workspace.address import read_address

    folder = project('{"image": "debian", "hostRequirements": {"gpu": true}}')
    engine.add_image("debian")
    opened = make(session, UpRequest(folder), read_address(folder), replaces=None)
    assert opened.gpus == "GPU 0 of 2 (NVIDIA A100), by CDI, as /etc/cdi/nvidia.yaml describes"
    (wish,) = engine.runs
    assert wish.gpus is not None
    assert wish.gpus.devices == ("nvidia.com/gpu=GPU-0",)
    container = engine.there[opened.record.container]
    assert container.gpus == ("GPU-0",)
    assert read_leases(session, machine_with_two)["GPU-0"].workspace == "digits"

    # A rebuild may have its own again.
    again = make(
        session, UpRequest(folder, gpus=GpuOptions("device=0")), read_address(folder), replaces=container
    )
    assert engine.there[again.record.container].gpus == ("GPU-0",)


def test_notes_of_others_and_labels_count(
    session: Session, engine: FakeEngine, machine_with_two: str, asked: Callable[..., tuple[Reading, Image]]
) -> None:
    reading, image = asked()
    other = engine.add_container(labels={"cove.gpus": "GPU-0", "cove.name": "theirs", "cove.owner": "0"})
    with leasing(session, reading, image) as granted:
        assert granted.grant is not None
        assert granted.grant.label == "GPU-1"
    keep(session, engine.add_container(labels={"cove.gpus": "GPU-1", "cove.name": "mine"}))
    leases = read_leases(session, machine_with_two)
    assert (leases["GPU-0"].workspace, leases["GPU-0"].user) == ("theirs", user_name(0))
    assert leases["GPU-1"].workspace == "mine"
    assert "GPU-0" not in read_leases(session, machine_with_two, without=other.id)
    with pytest.raises(GpuError, match="0 of 2 are free"), leasing(session, reading, image):
        pass


def test_of_several_on_one_gpu_who_would_have_it_alone_stands_for_all(
    session: Session, engine: FakeEngine, machine_with_two: str
) -> None:
    alone = {"cove.gpus": "GPU-0", "cove.name": "alone"}
    for labels in (alone, {**alone, "cove.gpus.shared": "true", "cove.name": "guest"}):
        keep(session, engine.add_container(labels=labels))
    lease = read_leases(session, machine_with_two)["GPU-0"]
    assert (lease.workspace, lease.shared) == ("alone", False)


def test_waiting_ends_when_one_is_given_back(
    session: Session,
    engine: FakeEngine,
    machine_with_two: str,
    asked: Callable[..., tuple[Reading, Image]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, image = asked()
    holder = engine.add_container(labels={"cove.gpus": "GPU-0,GPU-1", "cove.name": "theirs"})
    monkeypatch.setattr("cove.workspace.gpu_queue.time.sleep", lambda _: engine.stop(holder.id))
    with leasing(session, reading, image, GpuOptions(wait=True)) as granted:
        assert granted.grant is not None
    assert "gpu" in session.progress.timings


def test_what_is_free_is_kept_for_those_who_wait_and_what_one_holds_for_oneself(
    session: Session, engine: FakeEngine, machine_with_two: str, asked: Callable[..., tuple[Reading, Image]]
) -> None:
    reading, image = asked()
    mine = engine.add_container(labels={"cove.gpus": "GPU-1", "cove.name": "mine"})
    waiting = Ticket(
        0, "theirs", "ada", "", os.getpid(), read_start(os.getpid()), "2 GPUs", 2, ("GPU-0", "GPU-1")
    )
    join_queue(machine_with_two, waiting)
    with pytest.raises(GpuError, match="0 of 2 are free") as caught, leasing(session, reading, image):
        pass
    assert "GPU 0 goes to the next in the queue, theirs of ada" in caught.value.detail
    with leasing(session, reading, image, replaces=mine) as granted:
        assert granted.grant is not None
        assert granted.grant.label == "GPU-1"
    engine.stop(mine.id)
    with pytest.raises(GpuError, match="its GPU goes to the next in the queue, theirs of ada"):
        start_leased(session, engine.there[mine.id])


def test_a_killed_run_holds_nothing(
    session: Session, engine: FakeEngine, machine_with_two: str, asked: Callable[..., tuple[Reading, Image]]
) -> None:
    reading, image = asked()
    with subprocess.Popen(["sleep", "60"]) as process:
        mark = describe_process(process.pid)
        process.kill()
    engine.add_container(labels={"cove.gpus": "GPU-0", "cove.name": "dead", "cove.runner": mark})
    with leasing(session, reading, image) as granted:
        assert granted.grant is not None
        assert granted.grant.label == "GPU-0"
    assert engine.there == {}


def test_one_chooses_at_a_time(
    session: Session, machine_with_two: str, asked: Callable[..., tuple[Reading, Image]]
) -> None:
    reading, image = asked()
    second = threading.Event()

    def choose() -> None:
        with leasing(session, reading, image):
            second.set()

    with leasing(session, reading, image):
        thread = threading.Thread(target=choose)
        thread.start()
        while not session.progress.notes:
            pass
        assert not second.is_set()
    thread.join(10)
    assert second.is_set()


def test_optional_goes_without_when_the_engine_cannot(
    session: Session, engine: FakeEngine, machine_with_two: str, asked: Callable[..., tuple[Reading, Image]]
) -> None:
    engine.told = engine.told._replace(cdi_folders=())
    reading, image = asked('{"image": "debian", "hostRequirements": {"gpu": "optional"}}')
    with leasing(session, reading, image) as granted:
        assert granted.grant is None
        assert granted.why.startswith("runs on the CPU: docker cannot give the GPU")
    assert "nvidia-ctk" in session.progress.warnings[0]
    with (
        pytest.raises(GpuError, match="docker cannot give"),
        leasing(session, reading, image, GpuOptions("1")),
    ):
        pass
    engine.told = engine.told._replace(remote=True)
    with leasing(session, reading, image) as granted:
        assert "another machine" in granted.why
    with pytest.raises(GpuError, match="another machine"), leasing(session, reading, image, GpuOptions("1")):
        pass


def test_a_look_at_what_would_be_had_takes_nothing(
    session: Session, engine: FakeEngine, machine_with_two: str
) -> None:
    assert (
        preview(session, GpuRequest())
        == "GPU 0 of 2 (NVIDIA A100), by CDI, as /etc/cdi/nvidia.yaml describes"
    )
    assert read_leases(session, machine_with_two) == {}
    assert preview(session, GpuRequest(0)) == "runs on the CPU, as asked"
    assert preview(session, GpuRequest(3)).startswith("not to be had now: the request wants 3 GPUs")
    engine.told = engine.told._replace(remote=True)
    assert "another machine" in preview(session, GpuRequest())


# -- starting again


def test_a_restarted_one_gets_its_own_back_or_says_who_has_it(
    session: Session, engine: FakeEngine, machine_with_two: str
) -> None:
    mine = engine.add_container(labels={"cove.gpus": "GPU-0", "cove.name": "mine"})
    engine.stop(mine.id)
    start_leased(session, engine.there[mine.id])
    assert read_leases(session, machine_with_two)["GPU-0"].workspace == "mine"
    engine.stop(mine.id)
    engine.add_container(labels={"cove.gpus": "GPU-0", "cove.name": "theirs"})
    with pytest.raises(GpuError, match=r"its GPU is held by theirs") as caught:
        start_leased(session, engine.there[mine.id])
    assert "--repair" in caught.value.hint
    assert not engine.there[mine.id].running


def test_shared_ones_start_beside_each_other(
    session: Session, engine: FakeEngine, machine_with_two: str
) -> None:
    shared = {"cove.gpus": "GPU-0", "cove.gpus.shared": "true"}
    first = engine.add_container(labels={**shared, "cove.name": "first"})
    second = engine.add_container(labels={**shared, "cove.name": "second"}, state="exited", pid=0)
    start_leased(session, second)
    assert engine.there[second.id].running
    assert first.running


def test_one_without_gpus_just_starts(session: Session, engine: FakeEngine) -> None:
    plain = engine.add_container(state="exited", pid=0)
    start_leased(session, plain)
    assert engine.there[plain.id].running
    engine.failures["start"] = EngineError("no")
    with pytest.raises(EngineError):
        start_leased(session, plain)
