"""Containers are asked whether they still have their GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.engines.failures import plan_run_error
from cove.gpu.inventory import NVIDIA, Gpu, Hardware, Inventory
from cove.gpu.leases import Note, lease_folder, write_note
from cove.workspace.gpu_health import find_loss, find_losses

if TYPE_CHECKING:
    from pathlib import Path

    from cove.testing import FakeEngine

GPU = Gpu(NVIDIA, 0, "GPU-a", "NVIDIA A100", "/dev/nvidia0")
LABELS = {"cove.gpus": "GPU-a"}


@pytest.fixture(autouse=True)
def notes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A machine with one GPU; its value is the folder of notes."""
    folder = lease_folder((f"{tmp_path}/gpus",))
    monkeypatch.setattr(
        "cove.gpu.hardware.read_inventory", lambda *_: Inventory((GPU,), hardware=Hardware(module="2"))
    )
    monkeypatch.setattr("cove.gpu.leases.lease_folder", lambda: folder)
    return folder


def test_only_holders_are_asked_and_losses_told(engine: FakeEngine) -> None:
    engine.runner.answer("docker exec /bin/sh -c", stdout="/dev/nvidia0 ok\n")
    well, plain = engine.add_container(labels=LABELS), engine.add_container()
    assert find_losses(engine, [well, plain]) == {}
    assert [request.container for request in engine.execs] == [well.id]
    assert engine.execs[0].user == "root"
    lost = engine.add_container(labels=LABELS)
    engine.runner.answer(
        f"docker exec {lost.id} /bin/sh -c", stdout="/dev/nvidia0 x: Operation not permitted\n"
    )
    losses = find_losses(engine, [well, lost])
    assert list(losses) == [lost.id]
    assert "daemon-reload" in losses[lost.id].text


def test_a_driver_that_was_updated_meanwhile(engine: FakeEngine, notes: str) -> None:
    engine.runner.answer("docker exec /bin/sh -c", stdout="/dev/nvidia0 ok\n")
    holder = engine.add_container(labels=LABELS)
    from cove.host.alive import read_start

    write_note(
        notes, Note("GPU-a", "digits", "ada", "", holder.id, holder.pid, read_start(holder.pid), module="1")
    )
    loss = find_loss(engine, holder)
    assert loss is not None
    assert "updated from 1 to 2" in loss.text


def test_what_cannot_be_found_out_is_no_loss(engine: FakeEngine) -> None:
    holder = engine.add_container(labels=LABELS)
    engine.runner.answer("docker exec /bin/sh -c", code=126)
    assert find_loss(engine, holder) is None
    engine.runner.answer("docker exec /bin/sh -c", error=plan_run_error("docker", "gone"))
    assert find_loss(engine, holder) is None
    engine.told = engine.told._replace(remote=True)
    assert find_losses(engine, [holder._replace(labels={"cove.gpus": "GPU-gone"})]) == {}


def test_a_stopped_one_is_judged_by_its_machine(engine: FakeEngine) -> None:
    stopped = engine.add_container(labels={"cove.gpus": "GPU-gone"}, state="exited", pid=0)
    loss = find_loss(engine, stopped)
    assert loss is not None
    assert "GPU-gone is not in this machine" in loss.text
    assert engine.execs == []
