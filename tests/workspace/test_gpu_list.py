"""What `cove gpus` tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cove.gpu.inventory import NVIDIA, Gpu, GpuProcess, Inventory, Problem
from cove.gpu.use import Lately, Sample
from cove.workspace.gpu_list import ListedHolder, choose_alone, list_gpus, summarize_holder
from cove.workspace.gpu_queue import user_name

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from cove.testing import FakeEngine
    from cove.workspace.session import Session


def test_each_gpu_with_who_holds_it_and_what_runs(
    session: Session, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "leases"
    folder.mkdir(mode=0o777)
    holder = engine.add_container(labels={"cove.gpus": "GPU-0", "cove.name": "digits", "cove.owner": "0"})
    processes = (GpuProcess(1, 5, "python", holder.id), GpuProcess(2, 6, "Xorg"))
    gpus = (
        Gpu(NVIDIA, 0, "GPU-0", "A100", "/dev/nvidia0", memory=9, used=8, busy=7, processes=processes),
        Gpu(NVIDIA, 1, "GPU-1", "A100", "/dev/nvidia1", problem="lost"),
    )
    inventory = Inventory(gpus, (Problem("p", "h"),), "550", "12.4")
    monkeypatch.setattr("cove.workspace.gpu_list.read_inventory", lambda *_: inventory)
    monkeypatch.setattr("cove.workspace.gpu_list.lease_folder", lambda: str(folder))
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])
    found = list_gpus(session)
    first, second = found.gpus
    assert first.lease is not None
    assert (first.lease.workspace, first.used, first.busy) == ("digits", 8, 7)
    assert [process[1:] for process in first.processes] == [("python", 5, "digits"), ("Xorg", 6, "")]
    assert (second.lease, second.problem) == (None, "lost")
    assert found[1:] == ((Problem("p", "h"),), "550", "12.4", (), found.holders, "")
    assert found.holders == (ListedHolder("digits", user_name(0), ("0",), 5, None),)
    assert first.lately is None


def test_a_machine_without_any_asks_nobody(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cove.workspace.gpu_list.read_inventory", lambda *_: Inventory())
    assert list_gpus(session) == ((), (), "", "", (), (), "")


def test_what_a_workspace_used() -> None:
    now = time.time()
    one = [
        Sample(now - 10, {"GPU-0": (80, 9), "c1": (-1, 5)}),
        Sample(now, {"GPU-0": (60, 9), "c1": (-1, 7)}),
    ]
    assert summarize_holder(one, "c1", ("GPU-0",), [("GPU-0",)]) == Lately(
        70, 7, (80, 60)
    )  # it has the GPU alone
    assert summarize_holder(one, "c1", ("GPU-0",), [("GPU-0",), ("GPU-0",)]) == Lately(
        -1, 7, ()
    )  # shared: whose work it was is not told
    assert summarize_holder([Sample(now, {"GPU-0": (80, 9), "c1": (30, 5)})], "c1", ("GPU-0",), []) == Lately(
        30, 5, (30,)
    )
    both = [Sample(now, {"c1": (187, 5)})]  # of two GPUs together
    assert summarize_holder(both, "c1", ("GPU-0", "GPU-1"), []) == Lately(93, 5, (93,))
    assert summarize_holder(one, "c2", ("GPU-0",), []) is None


def test_alone_is_who_has_all_of_its_gpus_alone() -> None:
    held = [("GPU-0", "GPU-1"), ("GPU-1",), ("GPU-2",)]
    assert choose_alone(("GPU-2",), held) == ("GPU-2",)
    assert choose_alone(("GPU-0", "GPU-1"), held) == ()
