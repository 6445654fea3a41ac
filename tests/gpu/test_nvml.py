from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from cove.gpu.inventory import LIBRARY_MISSING, NVIDIA, Gpu, GpuProcess, NvmlAnswer
from cove.gpu.nvml import read_numa, read_nvml


def test_what_the_driver_says(nvml: Any) -> None:
    answer = read_nvml()
    assert (answer.error, answer.driver, answer.cuda) == (0, "550.54.15", "12.4")
    assert answer.gpus[0] == Gpu(
        NVIDIA,
        0,
        "GPU-a",
        "NVIDIA A100",
        "/dev/nvidia1",
        memory=40 << 30,
        used=1 << 30,
        busy=37,
        capability="8.0",
        cores=6912,
        processes=(GpuProcess(4711, 1 << 30, busy=36),),
    )
    assert nvml.open == 0


def test_what_a_gpu_does_not_tell_is_not_known(nvml: Any) -> None:
    assert read_nvml().gpus[1] == Gpu(NVIDIA, 1, "GPU-b", "NVIDIA T4", "/dev/nvidia1")


def test_a_lost_gpu_keeps_its_place(nvml: Any) -> None:
    nvml.gpus[0]["error"] = 15
    lost, other = read_nvml().gpus
    assert (lost.number, lost.problem) == (0, "it has fallen off the bus")
    assert (other.number, other.problem) == (1, "")
    nvml.gpus[0]["error"] = 999
    assert read_nvml().gpus[0].problem == "GPU is lost"


@pytest.mark.parametrize(("number", "problem"), [(15, "fallen off the bus"), (16, "must be reset")])
def test_one_that_dies_while_it_is_asked_is_dead(nvml: Any, number: int, problem: str) -> None:
    nvml.gpus[0]["dead"] = number
    dead, other = read_nvml().gpus
    assert (problem in dead.problem, other.problem) == (True, "")


def test_who_draws_and_who_records_is_told_too(nvml: Any) -> None:
    desktop = SimpleNamespace(pid=815, usedGpuMemory=1 << 28)
    both = SimpleNamespace(pid=4711, usedGpuMemory=1 << 30)
    nvml.gpus[0] |= {"graphics": [desktop, both], "encoder": [7, 167000]}
    gpu = read_nvml().gpus[0]
    assert gpu.processes == (GpuProcess(815, 1 << 28, graphics=True), GpuProcess(4711, 1 << 30, busy=36))
    assert gpu.recording == 7


def test_a_gpu_that_is_divided_is_its_instances(nvml: Any) -> None:
    small = SimpleNamespace(total=5 << 30, used=1 << 30)
    instances = {
        0: {"uuid": "MIG-a", "name": "NVIDIA A100 MIG 1g.5gb", "memory": small},
        2: {"uuid": "MIG-b", "memory": small, "processes": [SimpleNamespace(pid=7, usedGpuMemory=None)]},
    }
    nvml.gpus[0] |= {"mig": (1, 1), "most": 7, "instances": instances}
    first, second, whole = read_nvml().gpus
    assert first == Gpu(
        NVIDIA,
        0,
        "MIG-a",
        "NVIDIA A100 MIG 1g.5gb",
        "/dev/nvidia1",
        memory=5 << 30,
        used=1 << 30,
        capability="8.0",
        instance=0,
        parent="GPU-a",
    )
    assert (second.id, second.uuid, second.processes) == ("0:2", "MIG-b", (GpuProcess(7, 0),))
    assert whole.id == "1"
    nvml.gpus[0]["instances"] = {}
    assert read_nvml().gpus[0].problem == "MIG is on, and it is divided into no instances"


@pytest.mark.parametrize("error", [(9, "Driver Not Loaded"), (18, "mismatch"), (999, "Unknown Error")])
def test_a_driver_that_does_not_answer_is_an_answer(nvml: Any, error: tuple[int, str]) -> None:
    nvml.init_error = error
    assert read_nvml() == NvmlAnswer(*error)


def test_without_the_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert read_nvml().error == LIBRARY_MISSING


def test_a_pci_address_without_a_node() -> None:
    assert read_numa(None) == -1
    assert read_numa(SimpleNamespace(busId=b"00000000:FF:1F.7")) == -1
