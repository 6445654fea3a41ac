"""How an engine gives GPUs to a container: CDI, `--gpus`, device files. Pure: what engine and host say goes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import GpuError
from cove.gpu.inventory import AMD, INTEL, NVIDIA
from cove.spec.run import GpuGrant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.gpu.inventory import Gpu, Hardware, Inventory

CAPABILITIES = {"NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}
"""CUDA and NVML; what the image sets itself stays (container toolkit, "Driver Capabilities")."""
NO_GPU = GpuGrant(env={"NVIDIA_VISIBLE_DEVICES": "void"})
"""Keeps an engine whose default runtime is NVIDIA's from giving all GPUs to whoever did not ask."""
GENERATE = "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"


class EngineWays(NamedTuple):
    """What an engine says of GPUs."""

    name: str
    """`docker` or `podman`."""
    version: tuple[int, int]
    rootless: bool = False
    cdi_folders: tuple[str, ...] = ()
    """Where it looks for CDI files; empty where it knows none or that is switched off."""
    cdi_devices: tuple[str, ...] = ()
    """The CDI devices it found there itself; empty where it does not tell."""
    runtimes: tuple[str, ...] = ()
    """The runtimes docker knows."""
    hook: bool = False
    """`nvidia-container-runtime-hook` is where docker looks for it."""


class Way(NamedTuple):
    """A way in."""

    grant: GpuGrant
    why: str
    """In one clause, for `--dry-run` and `doctor`."""


def choose_way(engine: EngineWays, inventory: Inventory, gpus: Sequence[Gpu]) -> Way:
    """Return how this engine gives these GPUs. Raises GpuError that says what is missing, and how to get it."""
    vendors = {gpu.vendor for gpu in gpus}
    label = ",".join(gpu.uuid for gpu in gpus)
    if len(vendors) > 1:
        raise GpuError("GPUs of two makers in one container", hint="Name those of one with --gpus.")
    match vendors:
        case vendor if vendor == {NVIDIA}:
            way = _nvidia(engine, inventory, gpus)
        case vendor if vendor & {AMD, INTEL}:
            way = _render(engine, inventory.hardware, gpus)
        case _:
            return Way(NO_GPU, "no GPU is asked for")
    return way._replace(grant=way.grant._replace(label=label))


def _nvidia(engine: EngineWays, inventory: Inventory, gpus: Sequence[Gpu]) -> Way:
    hardware = inventory.hardware
    chosen = _only_these(inventory, gpus)
    if names := _cdi_names(engine, hardware, gpus):
        env = {**CAPABILITIES, "NVIDIA_VISIBLE_DEVICES": "void", **chosen}
        file = hardware.cdi.get(names[0])
        described = f"as {file} describes" if file else "as docker lists it"
        return Way(GpuGrant(devices=tuple(names), env=env), f"by CDI, {described}")
    if engine.name == "podman":
        raise _podman_without_cdi(engine, hardware)
    if engine.version >= (19, 3) and ("nvidia" in engine.runtimes or engine.hook):
        uuids = "all" if hardware.dxg else ",".join(gpu.uuid for gpu in gpus)
        # docker tells the hook by itself, but not who comes later with `exec`.
        env = {**CAPABILITIES, "NVIDIA_VISIBLE_DEVICES": uuids, **chosen}
        why = (
            "--gpus all, the only way inside WSL" if hardware.dxg else "--gpus and NVIDIA's container toolkit"
        )
        return Way(GpuGrant(gpus=uuids, env=env), f"by docker's {why}")
    raise _docker_without_toolkit(engine, hardware)


def _only_these(inventory: Inventory, gpus: Sequence[Gpu]) -> dict[str, str]:
    """Return by what CUDA keeps to these GPUs; inside WSL containers have all of them."""
    some = inventory.hardware.dxg and len(gpus) < sum(gpu.vendor == NVIDIA for gpu in inventory.gpus)
    return {"CUDA_VISIBLE_DEVICES": ",".join(gpu.uuid for gpu in gpus)} if some else {}


def _cdi_names(engine: EngineWays, hardware: Hardware, gpus: Sequence[Gpu]) -> list[str]:
    """Return the CDI name of each GPU, by UUID or by number, or nothing when one has none that the engine reads.

    Inside WSL there is one name for all (nvidia-ctk's mode `wsl`).
    """
    if not engine.cdi_folders:
        return []
    found = []
    for gpu in gpus:
        names = ("all",) if hardware.dxg else (gpu.uuid, gpu.id)
        candidates = (f"nvidia.com/gpu={name}" for name in names)
        name = next((name for name in candidates if _is_read(name, engine, hardware)), None)
        if name is None:
            return []
        found.append(name)
    return list(dict.fromkeys(found))


def _is_read(name: str, engine: EngineWays, hardware: Hardware) -> bool:
    """Return whether the engine knows a CDI device: by its own word, or else as its folders have it."""
    if engine.cdi_devices:
        return name in engine.cdi_devices
    path = hardware.cdi.get(name, "")
    return any(path.startswith(f"{folder.rstrip('/')}/") for folder in engine.cdi_folders)


def _podman_without_cdi(engine: EngineWays, hardware: Hardware) -> GpuError:
    if engine.version < (4, 1):
        return GpuError(
            f"podman {engine.version[0]}.{engine.version[1]} cannot give GPUs: it knows no CDI",
            hint="Update podman to 4.1 or newer, or use docker with --engine docker.",
        )
    described = [name for name in hardware.cdi if name.startswith("nvidia.com/")]
    if described:
        return GpuError(
            "the CDI files do not describe the GPU that was chosen: they are older than the driver or the GPU",
            hint=f"Write them anew: `{GENERATE}`.",
        )
    return GpuError(
        "podman cannot give the GPU: no CDI file in /etc/cdi or /var/run/cdi describes it",
        hint=f"Install nvidia-container-toolkit, then `{GENERATE}`.",
    )


def _docker_without_toolkit(engine: EngineWays, hardware: Hardware) -> GpuError:
    if engine.cdi_devices:
        return GpuError(
            "docker cannot give the GPU: its own list of CDI devices lacks the one that was chosen",
            hint=f"Write the CDI files anew, `{GENERATE}`, and restart docker.",
        )
    if any(name.startswith("nvidia.com/") for name in hardware.cdi) and engine.version >= (25, 0):
        return GpuError(
            "docker cannot give the GPU: it has CDI switched off, and does not know NVIDIA's runtime",
            hint='Set "features": {"cdi": true} in its daemon.json and restart it.',
        )
    return GpuError(
        "docker cannot give the GPU: NVIDIA's container toolkit is not installed, or docker was not restarted since",
        hint="Install nvidia-container-toolkit, `sudo nvidia-ctk runtime configure --runtime=docker`, then "
        "`sudo systemctl restart docker`.",
    )


def _render(engine: EngineWays, hardware: Hardware, gpus: Sequence[Gpu]) -> Way:
    """AMD and Intel need no toolkit: their device files, and the groups that may use them."""
    devices = [gpu.node for gpu in gpus]
    groups = [node.group for node in hardware.render if node.path in devices]
    amd = gpus[0].vendor == AMD
    if amd:
        devices.insert(0, "/dev/kfd")
        groups.insert(0, hardware.kfd)
    named = tuple(dict.fromkeys(str(group) for group in groups if group > 0))
    if engine.rootless and named:
        if engine.name == "docker":
            raise _rootless_docker_without_groups(gpus, named)
        named = ("keep-groups",)
    what = "/dev/kfd and its render node" if amd else "its render node"
    return Way(GpuGrant(devices=tuple(devices), groups=named), f"by {what}")


def _rootless_docker_without_groups(gpus: Sequence[Gpu], groups: Sequence[str]) -> GpuError:
    """Return the error; a number given to `--group-add` counts inside the user namespace, which has no group of the host."""
    which = "the group" if len(groups) == 1 else "the groups"
    return GpuError(
        f"rootless docker cannot give {gpus[0].name}: only {which} {', '.join(groups)} of this machine may use its device "
        "files, and a container of rootless docker is in none",
        hint="Use podman (`--engine podman`), which keeps your groups; or let everybody use them by a udev rule: "
        'SUBSYSTEM=="drm", KERNEL=="renderD*", MODE="0666", and the same for KERNEL=="kfd".',
    )
