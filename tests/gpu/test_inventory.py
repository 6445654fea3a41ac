"""A table of machines: what is there, and what is wrong with it."""

from __future__ import annotations

import pytest

from cove.gpu.inventory import (
    LIBRARY_MISSING,
    MISMATCH,
    NOT_LOADED,
    NVIDIA,
    UNKNOWN,
    Gpu,
    Hardware,
    NvmlAnswer,
    RenderNode,
    describe_absence,
    plan_inventory,
)

A100 = Gpu(NVIDIA, 0, "GPU-0", "NVIDIA A100", "/dev/nvidia0", memory=40 << 30)
FINE = NvmlAnswer(driver="550.54.15", cuda="12.4", gpus=(A100,))
NODES = Hardware(nvidia_nodes=(0,), nvidia_control=True, nvidia_uvm=True, module="550.54.15", pci_nvidia=1)
NO_LIBRARY = NvmlAnswer(LIBRARY_MISSING, "NVML Shared Library Not Found")
AMD_NODE = RenderNode("/dev/dri/renderD128", "amd", "0000:03:00.0", 105, "Radeon", memory=16 << 30)
INTEL_NODE = AMD_NODE._replace(vendor="intel", path="/dev/dri/renderD129", address="0000:00:02.0")
OTHER_NODE = AMD_NODE._replace(vendor="0x1af4")


@pytest.mark.parametrize(
    ("nvml", "hardware", "gpus", "problem"),
    [
        (FINE, NODES, 1, ""),
        (NO_LIBRARY, Hardware(), 0, ""),
        (NO_LIBRARY, Hardware(pci_nvidia=1), 0, "its driver is not installed"),
        (
            NvmlAnswer(NOT_LOADED, "Driver Not Loaded"),
            Hardware(pci_nvidia=1),
            0,
            "its kernel module is not loaded",
        ),
        (NvmlAnswer(NOT_LOADED, "Driver Not Loaded"), Hardware(), 0, ""),
        (
            NvmlAnswer(MISMATCH, "mismatch"),
            NODES,
            0,
            "old kernel module is still in use (550.54.15 is loaded)",
        ),
        (NvmlAnswer(UNKNOWN, "Unknown Error"), NODES, 0, "does not work: Unknown Error"),
        (FINE._replace(gpus=()), NODES, 0, "shows no GPU"),
        (FINE, NODES._replace(nvidia_control=False), 1, "device files are missing"),
        (FINE, NODES._replace(nvidia_nodes=()), 1, "device files are missing"),
        (FINE, NODES._replace(nvidia_uvm=False), 1, "/dev/nvidia-uvm is missing"),
        (FINE, Hardware(dxg=True), 1, ""),
        (NO_LIBRARY, Hardware(kfd=104, render=(AMD_NODE,)), 1, ""),
        (NO_LIBRARY, Hardware(render=(AMD_NODE,)), 0, "no /dev/kfd"),
        (NO_LIBRARY, Hardware(render=(INTEL_NODE,)), 1, ""),
        (NO_LIBRARY, Hardware(render=(OTHER_NODE,)), 0, ""),
        (FINE, NODES._replace(kfd=104, render=(AMD_NODE,)), 2, ""),
    ],
)
def test_machines(nvml: NvmlAnswer, hardware: Hardware, gpus: int, problem: str) -> None:
    inventory = plan_inventory(nvml, hardware)
    assert len(inventory.gpus) == gpus
    texts = [found.text for found in inventory.problems]
    assert [problem in text for text in texts] == ([True] if problem else []), texts
    assert all(found.hint for found in inventory.problems)


def test_an_amd_gpu_is_named_by_its_address() -> None:
    (gpu,) = plan_inventory(NO_LIBRARY, Hardware(kfd=104, render=(AMD_NODE,))).gpus
    assert (gpu.uuid, gpu.node, gpu.memory) == ("0000:03:00.0", "/dev/dri/renderD128", 16 << 30)


@pytest.mark.parametrize(
    ("nvml", "hardware", "text"),
    [
        (NO_LIBRARY, Hardware(), "this machine has no GPU"),
        (NO_LIBRARY, Hardware(pci_nvidia=1), "there is an NVIDIA GPU, but its driver is not installed"),
        (FINE._replace(gpus=(A100._replace(problem="lost"),)), NODES, "GPU 0 cannot be used: lost"),
    ],
)
def test_why_there_is_none(nvml: NvmlAnswer, hardware: Hardware, text: str) -> None:
    inventory = plan_inventory(nvml, hardware)
    assert inventory.usable == ()
    assert describe_absence(inventory) == text
