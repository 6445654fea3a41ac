"""Ask NVIDIA's driver, through its own management library (NVML)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cove.gpu.inventory import LIBRARY_MISSING, LOST, NVIDIA, RESET, Gpu, GpuProcess, NvmlAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

DEAD = {LOST: "it has fallen off the bus", RESET: "it must be reset (`sudo nvidia-smi --gpu-reset`)"}
"""Errors of a GPU itself, whatever it is asked."""


def read_nvml() -> NvmlAnswer:
    """Return what the driver says; one that is not there is an answer too. Never raises."""
    try:
        import pynvml
    except ImportError:
        return NvmlAnswer(LIBRARY_MISSING, "the binding to NVIDIA's library is not installed")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return NvmlAnswer(error.value, str(error))
    try:
        return _ask(pynvml)
    except pynvml.NVMLError as error:
        return NvmlAnswer(error.value, str(error))
    finally:
        pynvml.nvmlShutdown()


def _ask(nvml: Any) -> NvmlAnswer:
    version = _told(nvml, nvml.nvmlSystemGetCudaDriverVersion_v2) or 0
    return NvmlAnswer(
        driver=_told(nvml, nvml.nvmlSystemGetDriverVersion) or "",
        cuda=f"{version // 1000}.{version % 1000 // 10}" if version else "",
        gpus=tuple(found for index in range(nvml.nvmlDeviceGetCount()) for found in _gpus(nvml, index)),
    )


def _gpus(nvml: Any, index: int) -> list[Gpu]:
    """Return a GPU, or the instances into which it is divided; one that is dead keeps its place."""
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        whole = _gpu(nvml, handle, index)
        mode = _told(nvml, nvml.nvmlDeviceGetMigMode, handle)
        return _instances(nvml, handle, whole) if mode and mode[0] else [whole]
    except nvml.NVMLError as error:
        return [Gpu(NVIDIA, index, "", "NVIDIA GPU", "", problem=DEAD.get(error.value) or str(error))]


def _instances(nvml: Any, handle: Any, whole: Gpu) -> list[Gpu]:
    instances = [
        _instance(nvml, found, whole, number)
        for number in range(_told(nvml, nvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0)
        if (found := _told(nvml, nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)) is not None
    ]
    return instances or [whole._replace(problem="MIG is on, and it is divided into no instances")]


def _gpu(nvml: Any, handle: Any, index: int) -> Gpu:
    rates = _told(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
    capability = _told(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    minor = _told(nvml, nvml.nvmlDeviceGetMinorNumber, handle)
    gpu = Gpu(
        NVIDIA,
        index,
        nvml.nvmlDeviceGetUUID(handle),
        nvml.nvmlDeviceGetName(handle),
        f"/dev/nvidia{index if minor is None else minor}",
        busy=rates.gpu if rates else None,
        recording=(_told(nvml, nvml.nvmlDeviceGetEncoderUtilization, handle) or (0,))[0],
        capability="{}.{}".format(*capability) if capability else "",
        cores=_told(nvml, nvml.nvmlDeviceGetNumGpuCores, handle) or 0,
        numa=read_numa(_told(nvml, nvml.nvmlDeviceGetPciInfo, handle)),
    )
    return _with_memory(nvml, handle, gpu)


def _instance(nvml: Any, handle: Any, whole: Gpu, number: int) -> Gpu:
    """Return a MIG instance: memory and processes of its own, the rest as the GPU has it. How busy it is, is not told."""
    name = _told(nvml, nvml.nvmlDeviceGetName, handle) or whole.name
    uuid = nvml.nvmlDeviceGetUUID(handle)
    gpu = whole._replace(uuid=uuid, name=name, instance=number, parent=whole.uuid, cores=0, busy=None)
    return _with_memory(nvml, handle, gpu)


def _with_memory(nvml: Any, handle: Any, gpu: Gpu) -> Gpu:
    memory = _told(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    computing = _told(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, handle) or ()
    drawing = _told(nvml, nvml.nvmlDeviceGetGraphicsRunningProcesses, handle) or ()
    shares = (
        (_told(nvml, nvml.nvmlDeviceGetProcessUtilization, handle, 0) or ()) if computing or drawing else ()
    )
    busy = {share.pid: share.smUtil for share in shares}
    # Who computes and draws is in both lists.
    found = {process.pid: process for process in (*drawing, *computing)}
    computes = {process.pid for process in computing}
    return gpu._replace(
        memory=memory.total if memory else 0,
        used=memory.used if memory else 0,
        processes=tuple(
            GpuProcess(pid, process.usedGpuMemory or 0, busy=busy.get(pid), graphics=pid not in computes)
            for pid, process in sorted(found.items())
        ),
    )


def _told(nvml: Any, ask: Callable[..., Any], *arguments: Any) -> Any:
    """Return an answer, or None for what this driver or this GPU does not tell; raises when the GPU is dead."""
    try:
        return ask(*arguments)
    except nvml.NVMLError as error:
        if error.value in DEAD:
            raise
        return None


def read_numa(pci: Any) -> int:
    """Return the memory node a PCI device hangs on, -1 where the kernel does not say."""
    if pci is None:
        return -1
    address = pci.busId.decode() if isinstance(pci.busId, bytes) else pci.busId
    domain, _, rest = address.lower().partition(":")
    try:
        with open(f"/sys/bus/pci/devices/{domain[-4:]}:{rest}/numa_node", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return -1
