"""A machine that is a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cove.gpu.hardware import read_hardware, read_inventory, read_process
from cove.gpu.inventory import GpuProcess, Hardware

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def write(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


def test_nvidia(tmp_path: Path) -> None:
    names = ("nvidia0", "nvidia1", "nvidia10", "nvidiactl", "nvidia-uvm", "nvidia-caps")
    root = write(
        tmp_path,
        {f"dev/{name}": "" for name in names}
        | {
            "sys/module/nvidia/version": "550.54.15\n",
            "sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n",
            "sys/bus/pci/devices/0000:01:00.0/class": "0x030200\n",
            "sys/bus/pci/devices/0000:01:00.1/vendor": "0x10de\n",
            "sys/bus/pci/devices/0000:01:00.1/class": "0x040300\n",
            "etc/cdi/x.json": '{"kind": "nvidia.com/gpu", "devices": [{"name": "0"}]}',
        },
    )
    found = read_hardware(root)
    assert found.nvidia_nodes == (0, 1, 10)
    assert (found.nvidia_control, found.nvidia_uvm, found.dxg) == (True, True, False)
    assert (found.module, found.pci_nvidia) == ("550.54.15", 1)
    assert found.cdi == {"nvidia.com/gpu=0": f"{root}/etc/cdi/x.json"}
    assert found.kfd == -1


def test_amd(tmp_path: Path) -> None:
    device = "sys/devices/pci/0000:03:00.0"
    root = write(
        tmp_path,
        {
            "dev/kfd": "",
            "dev/dri/renderD128": "",
            "dev/dri/card0": "",
            f"{device}/vendor": "0x1002",
            f"{device}/product_name": "Radeon PRO W7900",
            f"{device}/numa_node": "1",
            f"{device}/mem_info_vram_total": "48000000000",
            f"{device}/mem_info_vram_used": "1000",
            f"{device}/gpu_busy_percent": "12",
            "opt/rocm/.info/version": "6.2.0",
        },
    )
    (tmp_path / "sys/class/drm/renderD128").mkdir(parents=True)
    (tmp_path / "sys/class/drm/renderD128/device").symlink_to(tmp_path / device)
    found = read_hardware(root)
    assert found.rocm == "6.2.0"
    assert found.kfd == os.stat(f"{root}/dev/kfd").st_gid
    (tmp_path / "dev/kfd").chmod(0o666)
    assert read_hardware(root).kfd == 0, "everybody may use it: no group is needed"
    (node,) = found.render
    assert node[:3] == ("/dev/dri/renderD128", "amd", "0000:03:00.0")
    assert node[4:] == ("Radeon PRO W7900", 1, 48000000000, 1000, 12)


def test_nothing(tmp_path: Path) -> None:
    assert read_hardware(str(tmp_path)) == Hardware()


def test_wsl(tmp_path: Path) -> None:
    assert read_hardware(write(tmp_path, {"dev/dxg": ""})).dxg


def test_processes(tmp_path: Path) -> None:
    container = "ab" * 32
    root = write(
        tmp_path,
        {
            "proc/7/cmdline": "/usr/bin/python3\0train.py\0--epochs\0" + "3\0",
            "proc/7/cgroup": f"12:devices:/docker/{container}\n0::/docker/{container}\n",
            "proc/10/cmdline": "python\0-m\0torch.distributed.run\0train.py\0",
            "proc/8/cmdline": "",
            "proc/8/cgroup": "0::/user.slice\n",
        },
    )
    assert read_process(GpuProcess(7, 5), root) == GpuProcess(7, 5, "python3 train.py", container)
    assert read_process(GpuProcess(10, 5), root).name == "python -m torch.distributed.run"
    assert read_process(GpuProcess(8, 0), root) == GpuProcess(8, 0)
    assert read_process(GpuProcess(9, 0), root) == GpuProcess(9, 0)


def test_this_machine_with_a_driver(nvml: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.gpus[0]["processes"][0].pid = os.getpid()
    monkeypatch.setattr("cove.gpu.hardware.read_hardware", lambda **_: Hardware(dxg=True))
    inventory = read_inventory()
    assert inventory.problems == ()
    assert "python" in inventory.gpus[0].processes[0].name
