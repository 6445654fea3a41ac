"""Read what the kernel shows of GPUs: device files, the PCI bus, modules, CDI files."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from cove.gpu.cdi import FOLDERS, read_cdi
from cove.gpu.inventory import AMD, INTEL, Hardware, RenderNode, plan_inventory
from cove.gpu.nvml import read_nvml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cove.gpu.inventory import Gpu, GpuProcess, Inventory

VENDORS = {"0x1002": AMD, "0x8086": INTEL}
NVIDIA_PCI = "0x10de"
EVERYBODY = stat.S_IROTH | stat.S_IWOTH
DISPLAY_CLASSES = ("0x0300", "0x0302")
"""VGA and 3D controllers (pci.ids, class 03)."""
CONTAINER = re.compile(r"[0-9a-f]{64}")


def read_inventory(cdi_folders: Iterable[str] = ()) -> Inventory:
    """Return what GPUs there are and what is wrong with them; engines may read CDI files in more folders than usual."""
    inventory = plan_inventory(read_nvml(), read_hardware(cdi_folders=cdi_folders))
    return inventory._replace(gpus=tuple(_with_processes(gpu) for gpu in inventory.gpus))


def read_hardware(root: str = "", *, cdi_folders: Iterable[str] = ()) -> Hardware:
    """Return what the kernel shows; `root` stands before every path, for a machine that is a folder."""
    names = _names(f"{root}/dev")
    minors = sorted(int(found[1]) for name in names if (found := re.fullmatch(r"nvidia(\d+)", name)))
    return Hardware(
        nvidia_nodes=tuple(minors),
        nvidia_control="nvidiactl" in names,
        nvidia_uvm="nvidia-uvm" in names,
        module=read_module(root),
        pci_nvidia=sum(
            _text(f"{root}/sys/bus/pci/devices/{device}/vendor") == NVIDIA_PCI
            and _text(f"{root}/sys/bus/pci/devices/{device}/class").startswith(DISPLAY_CLASSES)
            for device in _names(f"{root}/sys/bus/pci/devices")
        ),
        dxg="dxg" in names,
        kfd=_group(f"{root}/dev/kfd"),
        rocm=_text(f"{root}/opt/rocm/.info/version"),
        render=tuple(
            _render_node(root, name) for name in _names(f"{root}/dev/dri") if name.startswith("renderD")
        ),
        cdi=read_cdi(f"{root}{folder}" for folder in dict.fromkeys((*FOLDERS, *cdi_folders))),
    )


def read_module(root: str = "") -> str:
    """Return the version of the kernel module `nvidia`, empty when it is not loaded."""
    return _text(f"{root}/sys/module/nvidia/version")


def _render_node(root: str, name: str) -> RenderNode:
    device = f"{root}/sys/class/drm/{name}/device"
    number = _text(f"{device}/vendor")
    vendor = VENDORS.get(number, number)
    return RenderNode(
        path=f"/dev/dri/{name}",
        vendor=vendor,
        address=os.path.basename(os.path.realpath(device)),
        group=_group(f"{root}/dev/dri/{name}"),
        name=_text(f"{device}/product_name") or {AMD: "AMD GPU", INTEL: "Intel GPU"}.get(vendor, "GPU"),
        numa=_number(f"{device}/numa_node", -1),
        memory=_number(f"{device}/mem_info_vram_total", 0),
        used=_number(f"{device}/mem_info_vram_used", 0),
        busy=_number(f"{device}/gpu_busy_percent", -1)
        if os.path.exists(f"{device}/gpu_busy_percent")
        else None,
    )


def _with_processes(gpu: Gpu) -> Gpu:
    """Return the GPU with what this machine knows of the processes on it."""
    return gpu._replace(processes=tuple(read_process(process) for process in gpu.processes))


def read_process(process: GpuProcess, root: str = "") -> GpuProcess:
    """Return a process with its command and the container it runs in, as far as they may be read."""
    folder = f"{root}/proc/{process.pid}"
    words = _text(f"{folder}/cmdline").split("\0")
    inside = CONTAINER.search(_text(f"{folder}/cgroup"))
    return process._replace(
        name=_command(words),
        container=inside[0] if inside else "",
    )


def _command(words: list[str]) -> str:
    """Return how a command begins: `python3 train.py`, without an option at the end whose value is not shown."""
    shown = [os.path.basename(words[0]), *(word for word in words[1:3] if word)]
    while len(shown) > 1 and shown[-1].startswith("-"):
        shown.pop()
    return " ".join(shown)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 16).strip()
    except OSError:
        return ""


def _number(path: str, default: int) -> int:
    text = _text(path)
    return int(text) if re.fullmatch(r"-?\d+", text) else default


def _group(path: str) -> int:
    """Return the group that may use a device file; 0 for one that needs none, -1 for one that is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return -1
    return 0 if status.st_mode & EVERYBODY == EVERYBODY else status.st_gid
