"""A stand-in for NVIDIA's binding, driven by the test."""
# ruff: noqa: N802 - the names are NVIDIA's

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class FakeNvml(ModuleType):
    """`pynvml` with the calls cove uses; `gpus` may be changed at any time."""

    class NVMLError(Exception):
        def __init__(self, value: int, text: str = "Not Supported") -> None:
            super().__init__(text)
            self.value = value

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.init_error: tuple[int, str] | None = None
        self.gpus: list[dict[str, Any]] = []
        self.open = 0

    def nvmlInit(self) -> None:
        if self.init_error:
            raise self.NVMLError(*self.init_error)
        self.open += 1

    def nvmlShutdown(self) -> None:
        self.open -= 1

    def nvmlSystemGetDriverVersion(self) -> str:
        return "550.54.15"

    def nvmlSystemGetCudaDriverVersion_v2(self) -> int:
        return 12040

    def nvmlDeviceGetCount(self) -> int:
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> dict[str, Any]:
        if error := self.gpus[index].get("error"):
            raise self.NVMLError(error, "GPU is lost")
        return self.gpus[index]

    def nvmlDeviceGetMigDeviceHandleByIndex(self, gpu: dict[str, Any], index: int) -> dict[str, Any]:
        if not (instance := gpu["instances"].get(index)):
            raise self.NVMLError(6, "Not Found")
        return instance

    def _of(self, gpu: dict[str, Any], key: str) -> Any:
        if dead := gpu.get("dead"):
            raise self.NVMLError(dead, "dead")
        if key not in gpu:
            raise self.NVMLError(3)
        return gpu[key]

    def __getattr__(self, name: str) -> Any:
        known = {
            "nvmlDeviceGetUUID": "uuid",
            "nvmlDeviceGetName": "name",
            "nvmlDeviceGetMinorNumber": "minor",
            "nvmlDeviceGetCudaComputeCapability": "capability",
            "nvmlDeviceGetMemoryInfo": "memory",
            "nvmlDeviceGetUtilizationRates": "rates",
            "nvmlDeviceGetMigMode": "mig",
            "nvmlDeviceGetNumGpuCores": "cores",
            "nvmlDeviceGetPciInfo": "pci",
            "nvmlDeviceGetComputeRunningProcesses": "processes",
            "nvmlDeviceGetGraphicsRunningProcesses": "graphics",
            "nvmlDeviceGetEncoderUtilization": "encoder",
            "nvmlDeviceGetMaxMigDeviceCount": "most",
            "nvmlDeviceGetProcessUtilization": "shares",
        }
        if name not in known:
            raise AttributeError(name)
        return lambda gpu, *_: self._of(gpu, known[name])


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    fake = FakeNvml()
    fake.gpus = [
        {
            "uuid": "GPU-a",
            "name": "NVIDIA A100",
            "minor": 1,
            "capability": (8, 0),
            "memory": SimpleNamespace(total=40 << 30, used=1 << 30),
            "rates": SimpleNamespace(gpu=37),
            "mig": (0, 0),
            "cores": 6912,
            "processes": [SimpleNamespace(pid=4711, usedGpuMemory=1 << 30)],
            "shares": [SimpleNamespace(pid=4711, smUtil=36)],
        },
        {"uuid": "GPU-b", "name": "NVIDIA T4"},
    ]
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake
