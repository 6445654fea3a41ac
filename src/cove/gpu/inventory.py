"""What GPUs this machine has, and what keeps them from being used. Pure: the answers of driver and kernel go in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NVIDIA, AMD, INTEL = MAKERS = ("nvidia", "amd", "intel")
"""In the order in which one is meant where none is named."""

NO_PERMISSION, LIBRARY_MISSING, NOT_LOADED, MISMATCH, UNKNOWN, LOST, RESET = 4, 12, 9, 18, 999, 15, 16
"""Numbers of NVML's `nvmlReturn_t` (nvml.h); 12 is also what the Python binding says where there is no library."""


class GpuProcess(NamedTuple):
    """A process that uses a GPU."""

    pid: int
    memory: int
    """Bytes of the GPU's; 0 where the driver does not say."""
    name: str = ""
    """Its command; empty where it may not be read."""
    container: str = ""
    """The 64 hexadecimal digits of the container it runs in; empty for a process of the host."""
    busy: int | None = None
    """Percent of the last moments in which it computed; None where the driver does not say."""
    graphics: bool = False
    """It draws or records, and computes nothing."""


class Gpu(NamedTuple):
    """One GPU."""

    vendor: str
    number: int
    uuid: str
    """NVIDIA's UUID; for others the PCI address."""
    name: str
    node: str
    """Its device file: `/dev/nvidia0`, `/dev/dri/renderD128`."""
    memory: int = 0
    """Bytes; 0 where it is not known."""
    used: int = 0
    """Bytes."""
    busy: int | None = None
    """Percent of the last moments in which it computed."""
    recording: int = 0
    """Percent of the last moments in which its video encoder worked."""
    capability: str = ""
    """CUDA compute capability: `8.0`."""
    cores: int = 0
    """CUDA cores; 0 where it is not known."""
    instance: int = -1
    """Which of the MIG instances into which GPU `number` is divided; -1: it is a whole GPU."""
    parent: str = ""
    """The UUID of the GPU whose instance this is."""
    numa: int = -1
    """The processor's memory node it hangs on, -1 where there is only one."""
    processes: tuple[GpuProcess, ...] = ()
    problem: str = ""
    """Why it cannot be used."""

    @property
    def id(self) -> str:
        """By which a person names it: `0`, and `0:1` for an instance (as nvidia-smi and CDI files do)."""
        return str(self.number) if self.instance < 0 else f"{self.number}:{self.instance}"


class NvmlAnswer(NamedTuple):
    """What NVIDIA's driver said."""

    error: int = 0
    """0, or NVML's number for why it said nothing."""
    text: str = ""
    """The same in its words."""
    driver: str = ""
    """`550.54.15`."""
    cuda: str = ""
    """The newest CUDA it can run without compatibility packages: `12.4`."""
    gpus: tuple[Gpu, ...] = ()


class RenderNode(NamedTuple):
    """A device file of the kernel's direct rendering manager."""

    path: str
    vendor: str
    """`amd`, `intel`, or the PCI number of another."""
    address: str
    """`0000:03:00.0`."""
    group: int
    """The numeric group that may use it."""
    name: str = ""
    numa: int = -1
    memory: int = 0
    used: int = 0
    busy: int | None = None


class Hardware(NamedTuple):
    """What the kernel shows of GPUs."""

    nvidia_nodes: tuple[int, ...] = ()
    """The minor numbers of `/dev/nvidiaN`."""
    nvidia_control: bool = False
    """`/dev/nvidiactl` is there."""
    nvidia_uvm: bool = False
    """`/dev/nvidia-uvm` is there; CUDA needs it."""
    module: str = ""
    """The version of the loaded kernel module `nvidia`, empty when it is not loaded."""
    pci_nvidia: int = 0
    """NVIDIA display and 3D controllers on the PCI bus."""
    dxg: bool = False
    """`/dev/dxg` is there: Windows' GPU inside WSL."""
    kfd: int = -1
    """The numeric group of `/dev/kfd` (AMD), -1 when it is not there."""
    rocm: str = ""
    """The version of AMD's ROCm on the host, for information."""
    render: tuple[RenderNode, ...] = ()
    cdi: Mapping[str, str] = {}
    """CDI device names (`nvidia.com/gpu=0`) and the files that describe them."""


class Problem(NamedTuple):
    """Something that keeps GPUs from being used."""

    text: str
    hint: str


class Inventory(NamedTuple):
    """All of it."""

    gpus: tuple[Gpu, ...] = ()
    problems: tuple[Problem, ...] = ()
    driver: str = ""
    cuda: str = ""
    hardware: Hardware = Hardware()

    @property
    def usable(self) -> tuple[Gpu, ...]:
        """Those without a problem of their own."""
        return tuple(gpu for gpu in self.gpus if not gpu.problem)


def plan_inventory(nvml: NvmlAnswer, hardware: Hardware) -> Inventory:
    """Return what there is, from what driver and kernel say."""
    others = [
        node for node in hardware.render if node.vendor == INTEL or (node.vendor == AMD and hardware.kfd >= 0)
    ]
    first = max((gpu.number for gpu in nvml.gpus), default=-1) + 1
    gpus = (*nvml.gpus, *(_other(number, node) for number, node in enumerate(others, first)))
    problems = (*_nvidia_problems(nvml, hardware), *_other_problems(hardware))
    return Inventory(gpus, problems, nvml.driver, nvml.cuda, hardware)


def _other(index: int, node: RenderNode) -> Gpu:
    return Gpu(
        node.vendor,
        index,
        node.address,
        node.name,
        node.path,
        memory=node.memory,
        used=node.used,
        busy=node.busy,
        numa=node.numa,
    )


def _nvidia_problems(nvml: NvmlAnswer, hardware: Hardware) -> Iterator[Problem]:
    there = hardware.pci_nvidia or hardware.module or hardware.nvidia_nodes
    if nvml.error == MISMATCH:
        loaded = f" ({hardware.module} is loaded)" if hardware.module else ""
        yield Problem(
            f"NVIDIA's driver was updated, but the old kernel module is still in use{loaded}",
            "Reboot; or end what uses the GPUs and reload the modules nvidia_uvm, nvidia_drm, nvidia_modeset, nvidia.",
        )
    elif nvml.error == NO_PERMISSION:
        yield Problem(
            "you may not open the device files of NVIDIA's GPUs",
            "`ls -l /dev/nvidia*` shows their group: `sudo usermod -aG GROUP $USER`, then log in anew.",
        )
    elif nvml.error in {LIBRARY_MISSING, NOT_LOADED} and hardware.dxg:
        yield Problem(
            "WSL passes a GPU of Windows' on (/dev/dxg), but NVIDIA's driver does not answer",
            "If it is NVIDIA's: install its driver in Windows and none in WSL, then `wsl --update` and `wsl --shutdown`.",
        )
    elif nvml.error in {LIBRARY_MISSING, NOT_LOADED} and there:
        what = (
            "is not installed"
            if nvml.error == LIBRARY_MISSING
            else "is installed, but its kernel module is not loaded"
        )
        yield Problem(
            f"there is an NVIDIA GPU, but its driver {what}",
            "Install the distribution's NVIDIA driver for this kernel and reboot; `dmesg | grep -i nvidia` says more.",
        )
    elif nvml.error and nvml.error not in {LIBRARY_MISSING, NOT_LOADED}:
        yield Problem(
            f"NVIDIA's driver does not work: {nvml.text}",
            "`dmesg | grep -i -e nvrm -e xid` says more; a reboot often helps.",
        )
    elif not nvml.error and not nvml.gpus and there:
        yield Problem(
            "NVIDIA's driver runs, but shows no GPU",
            "A virtual machine may have lost it: stop and start it anew.",
        )
    if nvml.gpus and not hardware.dxg:
        yield from _node_problems(hardware)


def _node_problems(hardware: Hardware) -> Iterator[Problem]:
    if not (hardware.nvidia_control and hardware.nvidia_nodes):
        yield Problem(
            "NVIDIA's driver runs, but its device files are missing below /dev",
            "`sudo nvidia-modprobe -u -c 0` makes them; the service nvidia-persistenced keeps them.",
        )
    elif not hardware.nvidia_uvm:
        yield Problem(
            "/dev/nvidia-uvm is missing: CUDA would fail with `unknown error` (999)",
            "`sudo nvidia-modprobe -u` makes it.",
        )


def _other_problems(hardware: Hardware) -> Iterator[Problem]:
    if hardware.kfd < 0 and any(node.vendor == AMD for node in hardware.render):
        yield Problem(
            "there is an AMD GPU, but no /dev/kfd: it can draw, not compute",
            "Load the module amdgpu with compute support, or install ROCm's kernel driver.",
        )


def describe_absence(inventory: Inventory) -> str:
    """Return in one clause why no GPU can be used here."""
    if inventory.problems:
        return inventory.problems[0].text
    broken = [gpu for gpu in inventory.gpus if gpu.problem]
    if broken:
        return f"GPU {broken[0].id} cannot be used: {broken[0].problem}"
    return "this machine has no GPU"
