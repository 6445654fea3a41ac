"""GPUs for a workspace: the wish, the lease, and how long it lasts."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from cove.errors import GpuError
from cove.gpu.queue import Ticket, join_queue
from cove.gpu.way import NO_GPU
from cove.host.alive import describe_process, read_start
from cove.spec.gpus import GpuRequest
from cove.workspace.gpu_leases import keep, read_leases, start_leased
from cove.workspace.gpu_queue import user_name
from cove.workspace.gpu_wish import GpuOptions
from cove.workspace.gpus import leasing, preview
from cove.workspace.make import make
from cove.workspace.terms import UpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.image import Image
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


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
