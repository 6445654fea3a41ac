"""A table of engines and GPUs: how a GPU goes in, or what is missing; and one of whole hosts.

Each host fakes only the outside world: the calls of NVIDIA's library, a folder for the root of the file system, and
what `info` of the engine prints. Everything between is as in `cove up`.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cove.engines.info import parse_info, parse_version
from cove.errors import GpuError
from cove.gpu.choose import choose_gpus
from cove.gpu.hardware import read_hardware
from cove.gpu.inventory import AMD, INTEL, NVIDIA, Gpu, Hardware, Inventory, RenderNode, plan_inventory
from cove.gpu.nvml import read_nvml
from cove.gpu.way import NO_GPU, EngineWays, choose_way
from cove.spec.gpus import GpuRequest, parse_gpu_option
from cove.spec.run import GpuGrant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST = Gpu(NVIDIA, 0, "GPU-a", "NVIDIA A100", "/dev/nvidia0")
SECOND = Gpu(NVIDIA, 1, "GPU-b", "NVIDIA A100", "/dev/nvidia1")
RADEON = Gpu(AMD, 0, "0000:03:00.0", "Radeon", "/dev/dri/renderD128")
ARC = Gpu(INTEL, 0, "0000:00:02.0", "Arc", "/dev/dri/renderD129")
RENDER = (
    RenderNode("/dev/dri/renderD128", "amd", "0000:03:00.0", 105),
    RenderNode("/dev/dri/renderD129", "intel", "0000:00:02.0", 105),
)
BY_UUID = {f"nvidia.com/gpu={name}": "/etc/cdi/nvidia.yaml" for name in ("GPU-a", "GPU-b", "0", "1", "all")}
BY_NUMBER = {f"nvidia.com/gpu={name}": "/var/run/cdi/nvidia.yaml" for name in ("0", "1", "all")}
FOLDERS = ("/etc/cdi", "/var/run/cdi")
PODMAN = EngineWays("podman", (4, 3), cdi_folders=FOLDERS)
DOCKER = EngineWays("docker", (28, 2))
CDI_ENV = {"NVIDIA_DRIVER_CAPABILITIES": "compute,utility", "NVIDIA_VISIBLE_DEVICES": "void"}


def by_toolkit(gpus: str) -> GpuGrant:
    env = {"NVIDIA_DRIVER_CAPABILITIES": "compute,utility", "NVIDIA_VISIBLE_DEVICES": gpus}
    return GpuGrant(gpus=gpus, env=env)


@pytest.mark.parametrize(
    ("engine", "hardware", "gpus", "grant"),
    [
        (
            PODMAN,
            Hardware(cdi=BY_UUID),
            (FIRST, SECOND),
            GpuGrant(("nvidia.com/gpu=GPU-a", "nvidia.com/gpu=GPU-b"), env=CDI_ENV),
        ),
        (PODMAN, Hardware(cdi=BY_NUMBER), (SECOND,), GpuGrant(("nvidia.com/gpu=1",), env=CDI_ENV)),
        (
            DOCKER._replace(cdi_folders=FOLDERS),
            Hardware(cdi=BY_UUID),
            (FIRST,),
            GpuGrant(("nvidia.com/gpu=GPU-a",), env=CDI_ENV),
        ),
        (
            DOCKER._replace(cdi_folders=FOLDERS, runtimes=("nvidia",)),
            Hardware(),
            (FIRST,),
            by_toolkit("GPU-a"),
        ),
        (
            DOCKER._replace(cdi_folders=("/opt/cdi",), hook=True),
            Hardware(cdi=BY_UUID),
            (FIRST,),
            by_toolkit("GPU-a"),
        ),
        (
            DOCKER._replace(version=(20, 10), runtimes=("runc", "nvidia")),
            Hardware(cdi=BY_UUID),
            (FIRST, SECOND),
            by_toolkit("GPU-a,GPU-b"),
        ),
        (
            DOCKER._replace(runtimes=("nvidia",)),
            Hardware(dxg=True),
            (FIRST,),
            by_toolkit("all"),
        ),
        (
            PODMAN,
            Hardware(dxg=True, cdi=BY_NUMBER),
            (FIRST, SECOND),
            GpuGrant(("nvidia.com/gpu=all",), env=CDI_ENV),
        ),
        (
            DOCKER,
            Hardware(kfd=104, render=RENDER),
            (RADEON,),
            GpuGrant(("/dev/kfd", "/dev/dri/renderD128"), groups=("104", "105")),
        ),
        (
            PODMAN,
            Hardware(kfd=0, render=RENDER),
            (RADEON,),
            GpuGrant(("/dev/kfd", "/dev/dri/renderD128"), groups=("105",)),
        ),
        (
            PODMAN._replace(rootless=True),
            Hardware(kfd=104, render=RENDER),
            (RADEON,),
            GpuGrant(("/dev/kfd", "/dev/dri/renderD128"), groups=("keep-groups",)),
        ),
        (
            DOCKER._replace(rootless=True),
            Hardware(kfd=0, render=(RENDER[0]._replace(group=0),)),
            (RADEON,),
            GpuGrant(("/dev/kfd", "/dev/dri/renderD128")),
        ),
        (DOCKER, Hardware(render=RENDER), (ARC,), GpuGrant(("/dev/dri/renderD129",), groups=("105",))),
        (DOCKER, Hardware(), (), NO_GPU),
    ],
)
def test_ways(engine: EngineWays, hardware: Hardware, gpus: tuple[Gpu, ...], grant: GpuGrant) -> None:
    way = choose_way(engine, Inventory(gpus, hardware=hardware), gpus)
    assert way.grant == grant._replace(label=",".join(gpu.uuid for gpu in gpus))
    assert way.why


@pytest.mark.parametrize(
    ("engine", "hardware", "gpus", "message", "hint"),
    [
        (
            PODMAN,
            Hardware(),
            (FIRST,),
            "no CDI file in /etc/cdi or /var/run/cdi describes it",
            "nvidia-ctk cdi generate",
        ),
        (
            PODMAN,
            Hardware(cdi={"nvidia.com/gpu=GPU-old": "/etc/cdi/n.yaml"}),
            (FIRST,),
            "older than the driver",
            "Write them anew",
        ),
        (
            DOCKER._replace(rootless=True),
            Hardware(kfd=104, render=RENDER),
            (RADEON,),
            "only the groups 104, 105 of this machine may use its device files",
            "which keeps your groups",
        ),
        (
            DOCKER._replace(rootless=True),
            Hardware(render=RENDER),
            (ARC,),
            "only the group 105",
            "udev rule",
        ),
        (
            PODMAN._replace(version=(3, 4), cdi_folders=()),
            Hardware(cdi=BY_UUID),
            (FIRST,),
            "podman 3.4 cannot give GPUs",
            "4.1",
        ),
        (DOCKER, Hardware(), (FIRST,), "container toolkit is not installed", "systemctl restart docker"),
        (DOCKER, Hardware(cdi=BY_UUID), (FIRST,), "CDI switched off", '"cdi": true'),
        (
            DOCKER._replace(version=(20, 10)),
            Hardware(cdi=BY_UUID),
            (FIRST,),
            "container toolkit is not installed",
            "restart",
        ),
        (DOCKER, Hardware(), (FIRST, RADEON), "two makers", "--gpus"),
    ],
)
def test_what_is_missing(
    engine: EngineWays, hardware: Hardware, gpus: tuple[Gpu, ...], message: str, hint: str
) -> None:
    with pytest.raises(GpuError) as caught:
        choose_way(engine, Inventory(gpus, hardware=hardware), gpus)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_inside_wsl_cuda_keeps_to_what_is_held() -> None:
    """A container there has all GPUs of Windows'."""
    inventory = Inventory((FIRST, SECOND), hardware=Hardware(dxg=True, cdi=BY_NUMBER))
    for engine in (PODMAN, DOCKER._replace(runtimes=("nvidia",))):
        assert choose_way(engine, inventory, (SECOND,)).grant.env["CUDA_VISIBLE_DEVICES"] == "GPU-b"
        assert "CUDA_VISIBLE_DEVICES" not in choose_way(engine, inventory, (FIRST, SECOND)).grant.env


# -- whole hosts

GIB = 1 << 30
BOARD: dict[str, Any] = {
    "uuid": "GPU-a",
    "name": "NVIDIA A100",
    "minor": 0,
    "capability": (8, 0),
    "memory": SimpleNamespace(total=40 * GIB, used=0),
}
OTHER = {**BOARD, "uuid": "GPU-b", "minor": 1}
SLICE = {
    "uuid": "MIG-1",
    "name": "NVIDIA A100 MIG 3g.20gb",
    "memory": SimpleNamespace(total=20 * GIB, used=0),
}
DIVIDED = {
    **BOARD,
    "mig": (1, 1),
    "most": 7,
    "instances": {
        0: SLICE,
        1: {**SLICE, "uuid": "MIG-2", "memory": SimpleNamespace(total=20 * GIB, used=9 * GIB)},
    },
}
PCI = {
    "sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de",
    "sys/bus/pci/devices/0000:01:00.0/class": "0x030200",
}
NODES = {f"dev/{name}": "" for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm")}
DRIVER = {**PCI, **NODES, "sys/module/nvidia/version": "550.54.15"}
RADEON_FILES = {
    "dev/kfd": "",
    "dev/dri/renderD128": "",
    "sys/class/drm/renderD128/device/vendor": "0x1002",
    "sys/class/drm/renderD128/device/product_name": "Radeon PRO W7900",
    "sys/class/drm/renderD128/device/mem_info_vram_total": str(48 * GIB),
}
ARC_FILES = {
    "dev/dri/renderD128": "",
    "sys/class/drm/renderD128/device/vendor": "0x8086",
    "sys/class/drm/renderD128/device/product_name": "Arc A770",
}
SECOND_ARC_FILES = {name.replace("renderD128", "renderD129"): text for name, text in ARC_FILES.items()}


def cdi(*names: str) -> dict[str, str]:
    lines = "".join(f"  - name: '{name}'\n" for name in names)
    return {"etc/cdi/nvidia.yaml": f"cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n{lines}"}


DOCKER_INFO: dict[str, Any] = {"ServerVersion": "28.2.2", "Runtimes": {"runc": {}}, "CDISpecDirs": None}
TOOLKIT_INFO = {**DOCKER_INFO, "Runtimes": {"runc": {}, "nvidia": {}}}
CDI_INFO = {**DOCKER_INFO, "CDISpecDirs": ["/etc/cdi", "/var/run/cdi"]}
PODMAN_INFO: dict[str, Any] = {"host": {"security": {"rootless": False}}, "version": {"Version": "4.3.1"}}
ROOTLESS_INFO: dict[str, Any] = {**PODMAN_INFO, "host": {"security": {"rootless": True}}}


class Host(NamedTuple):
    """One machine, a wish on it, and what must come of it."""

    engine: dict[str, Any]
    """What `info` prints."""
    gpus: tuple[dict[str, Any], ...] | tuple[int, str] = (12, "NVML Shared Library Not Found")
    """What NVIDIA's library shows, or the error by which it says nothing."""
    files: Mapping[str, str] = {}
    wish: str = "1"
    flags: str = ""
    """Devices or `--gpus` with which the container starts; empty: none."""
    words: tuple[str, ...] = ()
    """Of the reason, or of the refusal and its hint."""
    refused: bool = False


HOSTS = {
    "docker with the nvidia runtime": Host(
        TOOLKIT_INFO, (BOARD, OTHER), DRIVER, flags="--gpus GPU-a",
        words=("GPU 0 of 2 (NVIDIA A100)", "by docker's --gpus and NVIDIA's container toolkit"),
    ),
    "docker with the nvidia runtime, all": Host(
        TOOLKIT_INFO, (BOARD, OTHER), DRIVER, "all", "--gpus GPU-a,GPU-b", ("GPU 0, GPU 1 of 2",)
    ),
    "docker with CDI only": Host(
        CDI_INFO, (BOARD,), DRIVER | cdi("0", "GPU-a", "all"), flags="nvidia.com/gpu=GPU-a",
        words=("by CDI, as /etc/cdi/nvidia.yaml describes",),
    ),
    "docker with CDI files that it does not read": Host(
        DOCKER_INFO, (BOARD,), DRIVER | cdi("0"), words=("it has CDI switched off", '"features": {"cdi": true}'), refused=True
    ),
    "podman with CDI": Host(
        PODMAN_INFO, (BOARD, OTHER), DRIVER | cdi("0", "1", "all"), "2", "nvidia.com/gpu=0 nvidia.com/gpu=1", ("by CDI",)
    ),
    "podman with CDI files older than the driver": Host(
        PODMAN_INFO, (BOARD, OTHER), DRIVER | cdi("0"), "index=1", words=("are older than", "nvidia-ctk cdi generate"),
        refused=True,
    ),
    "runtime but no GPU": Host(TOOLKIT_INFO, words=("this machine has no GPU", '"optional"'), refused=True),
    "runtime, and a driver that shows no GPU": Host(
        TOOLKIT_INFO, (), DRIVER, words=("NVIDIA's driver runs, but shows no GPU", "stop and start it anew"), refused=True
    ),
    "GPU but no runtime": Host(
        DOCKER_INFO, (BOARD,), DRIVER, refused=True,
        words=("container toolkit is not installed", "nvidia-ctk runtime configure"),
    ),
    "GPU but no CDI file for podman": Host(
        PODMAN_INFO, (BOARD,), DRIVER, words=("no CDI file", "nvidia-ctk cdi generate"), refused=True
    ),
    "GPU but no driver": Host(TOOLKIT_INFO, files=PCI, words=("its driver is not installed", "reboot"), refused=True),
    "driver mismatch": Host(
        TOOLKIT_INFO, (18, "Driver/library version mismatch"), DRIVER, refused=True,
        words=("was updated, but the old kernel module is still in use (550.54.15 is loaded)", "Reboot"),
    ),
    "a GPU that has fallen off the bus": Host(
        TOOLKIT_INFO, ({**BOARD, "error": 15}, OTHER), DRIVER, flags="--gpus GPU-b", words=("GPU 1 of 2",)
    ),
    "MIG by CDI": Host(
        PODMAN_INFO, (DIVIDED, OTHER), DRIVER | cdi("0:0", "0:1", "1"), "MIG-1", "nvidia.com/gpu=0:0",
        ("GPU 0:0 of 3 (NVIDIA A100 MIG 3g.20gb)",),
    ),
    "MIG by the toolkit, any instance of a GPU": Host(
        TOOLKIT_INFO, (DIVIDED, OTHER), DRIVER, "device=0", "--gpus MIG-1", ("GPU 0:0 of 3",)
    ),
    "MIG, two instances": Host(
        TOOLKIT_INFO, (DIVIDED,), DRIVER, "2", "--gpus MIG-1,MIG-2", ("GPU 0:0, GPU 0:1 of 2",)
    ),
    "MIG without instances": Host(
        TOOLKIT_INFO, ({**DIVIDED, "instances": {}},), DRIVER, words=("divided into no instances",), refused=True
    ),
    "two vendors": Host(
        TOOLKIT_INFO, (BOARD,), DRIVER | RADEON_FILES, flags="--gpus GPU-a", words=("GPU 0 of 2 (NVIDIA A100)",)
    ),
    "two vendors, by number": Host(
        DOCKER_INFO, (BOARD,), DRIVER | RADEON_FILES, "device=1", "/dev/kfd /dev/dri/renderD128",
        ("GPU 1 of 2 (Radeon PRO W7900)",),
    ),
    "two vendors, all": Host(TOOLKIT_INFO, (BOARD,), DRIVER | RADEON_FILES, "all", "--gpus GPU-a", ("GPU 0 of 2",)),
    "two vendors, both by number": Host(
        TOOLKIT_INFO, (BOARD,), DRIVER | RADEON_FILES, "device=0,1", words=("GPUs of two makers", "--gpus"), refused=True
    ),
    "NVIDIA beside the processor's own Intel GPU": Host(
        PODMAN_INFO, (BOARD,), DRIVER | ARC_FILES | cdi("0"), "all", "nvidia.com/gpu=0", ("GPU 0 of 2 (NVIDIA A100)",)
    ),
    "more NVIDIA GPUs than there are beside an Intel one": Host(
        PODMAN_INFO, (BOARD,), DRIVER | ARC_FILES | cdi("0"), "2", words=("more than this machine has",), refused=True
    ),
    "an Intel GPU beside an NVIDIA one without a driver": Host(
        DOCKER_INFO, files=PCI | ARC_FILES, words=("its driver is not installed", "reboot"), refused=True
    ),
    "an Intel GPU beside an NVIDIA one that is dead": Host(
        TOOLKIT_INFO, ({**BOARD, "dead": 16},), DRIVER | ARC_FILES, refused=True,
        words=("GPU 0 cannot be used: it must be reset", "name it with --gpus"),
    ),
    "an AMD GPU beside an NVIDIA one without a driver": Host(
        DOCKER_INFO, files=PCI | RADEON_FILES, flags="/dev/kfd /dev/dri/renderD128", words=("Radeon PRO W7900",)
    ),
    "AMD and rootless podman": Host(
        ROOTLESS_INFO, files=RADEON_FILES, flags="/dev/kfd /dev/dri/renderD128", words=("by /dev/kfd and its render node",)
    ),
    "AMD that cannot compute": Host(
        DOCKER_INFO, files={name: text for name, text in RADEON_FILES.items() if name != "dev/kfd"}, refused=True,
        words=("no /dev/kfd", "amdgpu"),
    ),
    "Intel": Host(
        DOCKER_INFO, files=ARC_FILES, flags="/dev/dri/renderD128", words=("GPU 0 of 1 (Arc A770)", "its render node")
    ),
    "two Intel GPUs": Host(
        DOCKER_INFO, files=ARC_FILES | SECOND_ARC_FILES, wish="2", flags="/dev/dri/renderD128 /dev/dri/renderD129",
        words=("GPU 0, GPU 1 of 2",),
    ),
    "AMD and docker": Host(DOCKER_INFO, files=RADEON_FILES, flags="/dev/kfd /dev/dri/renderD128", words=("(Radeon PRO",)),
    "WSL and docker": Host(
        TOOLKIT_INFO, (BOARD,), {"dev/dxg": ""}, flags="--gpus all", words=("the only way inside WSL",)
    ),
    "WSL and podman": Host(
        PODMAN_INFO, (BOARD,), {"dev/dxg": ""} | cdi("all"), flags="nvidia.com/gpu=all", words=("by CDI",)
    ),
    "WSL and podman without a CDI file": Host(
        PODMAN_INFO, (BOARD,), {"dev/dxg": ""}, words=("no CDI file", "nvidia-ctk cdi generate"), refused=True
    ),
    "WSL without NVIDIA's driver": Host(
        TOOLKIT_INFO, files={"dev/dxg": ""}, refused=True,
        words=("WSL passes a GPU of Windows' on", "in Windows and none in WSL"),
    ),
    "device files that one may not open": Host(
        TOOLKIT_INFO, (4, "Insufficient Permissions"), DRIVER, words=("may not open the device files", "usermod"), refused=True
    ),
    "docker that lists CDI devices itself": Host(
        {**CDI_INFO, "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=GPU-a"}]}, (BOARD,), DRIVER,
        flags="nvidia.com/gpu=GPU-a", words=("by CDI, as docker lists it",),
    ),
    "docker that has found no CDI device for the GPU": Host(
        {**CDI_INFO, "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=1"}]}, (BOARD,), DRIVER | cdi("0"),
        words=("its own list of CDI devices lacks", "restart"), refused=True,
    ),
    "docker with a folder of CDI files of its own": Host(
        {**CDI_INFO, "CDISpecDirs": ["/home/ada/.config/cdi"]}, (BOARD,),
        DRIVER | {"home/ada/.config/cdi/n.json": '{"kind": "nvidia.com/gpu", "devices": [{"name": "0"}]}'},
        flags="nvidia.com/gpu=0", words=("as /home/ada/.config/cdi/n.json describes",),
    ),
    "podman too old for CDI": Host(
        {**PODMAN_INFO, "version": {"Version": "3.4.4"}}, (BOARD,), DRIVER | cdi("0"), words=("podman 3.4", "4.1"), refused=True
    ),
    "no /dev/nvidia-uvm": Host(
        TOOLKIT_INFO, (BOARD,), {name: text for name, text in DRIVER.items() if name != "dev/nvidia-uvm"},
        flags="--gpus GPU-a", words=("GPU 0 of 1",),
    ),
    "none": Host(DOCKER_INFO, words=("this machine has no GPU",), refused=True),
}  # fmt: skip


@pytest.fixture(params=HOSTS.values(), ids=HOSTS)
def host(request: pytest.FixtureRequest, tmp_path: Path, nvml: Any) -> Host:
    found: Host = request.param
    match found.gpus:
        case (int() as number, str() as text):
            nvml.init_error = (number, text)
        case gpus:
            nvml.gpus = list(gpus)
    for name, text in found.files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return found


def test_what_comes_of_a_wish(host: Host, tmp_path: Path) -> None:
    root = str(tmp_path)
    facts = parse_info(json.loads(json.dumps(host.engine)))
    hardware = read_hardware(root, cdi_folders=facts.cdi_folders)
    hardware = hardware._replace(cdi={name: path.removeprefix(root) for name, path in hardware.cdi.items()})
    inventory = plan_inventory(read_nvml(), hardware)
    engine = EngineWays(
        facts.name,
        parse_version(facts.version),
        facts.rootless,
        facts.cdi_folders,
        facts.cdi_devices,
        facts.runtimes,
    )
    request = parse_gpu_option(host.wish)
    try:
        choice = choose_gpus(request, inventory, {})
        way = choose_way(engine, inventory, choice.gpus)
        said, flags = f"{choice.why}, {way.why}", way.grant.devices or (f"--gpus {way.grant.gpus}",)
    except GpuError as error:
        said, flags = f"{error.message}\n{error.hint}", ()
    assert (flags != ()) is not host.refused, said
    assert " ".join(flags) == host.flags
    for words in host.words:
        assert words in said
    # Who can do without is never refused for what the machine lacks, and is told why.
    if not inventory.usable:
        without = choose_gpus(request._replace(optional=True), inventory, {})
        assert (without.gpus, without.why.startswith("runs on the CPU: ")) == ((), True)


def test_instances_of_one_gpu_are_one_a_process(nvml: Any) -> None:
    nvml.gpus = [DIVIDED]
    inventory = plan_inventory(read_nvml(), read_hardware("/nowhere"))
    assert "of which a process can use one alone" in choose_gpus(GpuRequest(2), inventory, {}).warnings[0]
    assert choose_gpus(GpuRequest(1), inventory, {}).warnings == ()
