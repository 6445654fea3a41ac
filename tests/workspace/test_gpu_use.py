"""The use of GPUs, noted while somebody holds one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.gpu.inventory import NVIDIA, Gpu, Inventory
from cove.gpu.leases import Note, lease_folder, write_note
from cove.host.alive import read_start
from cove.workspace.gpu_use import note_use, read_use, watch_use

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """A machine with one GPU; how often its driver was asked."""
    times: list[int] = []
    folder = lease_folder((f"{tmp_path}/gpus",))
    monkeypatch.setattr("cove.gpu.leases.lease_folder", lambda: folder)

    def read_inventory() -> Inventory:
        times.append(len(times))
        return Inventory((Gpu(NVIDIA, 0, "GPU-a", "A100", "/dev/nvidia0", used=5, busy=7),))

    monkeypatch.setattr("cove.gpu.hardware.read_inventory", read_inventory)
    return times


def test_only_while_somebody_holds_one(machine: Machine, asked: list[int], tmp_path: Path) -> None:
    note_use(machine)
    assert (asked, read_use(machine)) == ([], [])
    pid = os.getpid()
    write_note(f"{tmp_path}/gpus", Note("GPU-a", "digits", "ada", "", "c" * 64, pid, read_start(pid)))
    note_use(machine)
    note_use(machine)
    assert [sample.use for sample in read_use(machine)] == [{"GPU-a": (7, 5)}] * 2
    assert len(asked) == 2
    assert os.stat(f"{machine.directories.state}/gpu-use.json").st_mode & 0o777 == 0o600


def test_a_folder_that_somebody_prepared_ends_nothing(
    machine: Machine, asked: list[int], tmp_path: Path
) -> None:
    (tmp_path / "gpus").rmdir()
    note_use(machine)
    assert read_use(machine) == []


def test_now_and_then(machine: Machine, asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("cove.workspace.gpu_use.time.sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        watch_use(machine)
    assert slept == [10.0, 10.0, 10.0]
