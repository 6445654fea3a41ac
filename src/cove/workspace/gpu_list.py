"""gpus: each GPU of this machine, who holds it, and what runs on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from cove.gpu.choose import is_busy
from cove.gpu.hardware import read_inventory
from cove.gpu.leases import lease_folder
from cove.gpu.queue import read_queue
from cove.gpu.use import summarize
from cove.workspace.gpu_leases import label_lease, read_holders, read_leases
from cove.workspace.gpu_use import read_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.engines.base import ContainerInfo
    from cove.gpu.choose import Lease
    from cove.gpu.inventory import Gpu, GpuProcess, Problem
    from cove.gpu.queue import Ticket
    from cove.gpu.use import Lately, Sample
    from cove.workspace.session import Session


class ListedProcess(NamedTuple):
    """A process on a GPU."""

    pid: int
    name: str
    memory: int
    """Bytes of the GPU's."""
    workspace: str
    """The workspace it runs in; empty for a process of the host or of a container that is none of cove's."""


class ListedGpu(NamedTuple):
    """A GPU in a list."""

    number: int
    id: str
    """`0`, and `0:1` for a MIG instance."""
    uuid: str
    name: str
    vendor: str
    memory: int
    """Bytes; 0 where it is not known."""
    used: int
    busy: int | None
    """Percent; None where it is not known."""
    lease: Lease | None
    processes: tuple[ListedProcess, ...]
    problem: str
    in_use: bool = False
    """Somebody computes or records on it, or fills its memory; who merely draws does not count."""
    lately: Lately | None = None
    """Its use over the last minutes; None where nobody noted it."""


class ListedHolder(NamedTuple):
    """A workspace that holds GPUs, and what it uses of them."""

    workspace: str
    user: str
    gpus: tuple[str, ...]
    """As a person names them: `0`, `0:1`."""
    memory: int
    """Bytes of the GPUs' that its processes use now."""
    lately: Lately | None
    """Over the last minutes; None where nobody noted it."""
    shared: bool = False


class GpuList(NamedTuple):
    """All GPUs, and what keeps some from being used."""

    gpus: tuple[ListedGpu, ...]
    problems: tuple[Problem, ...]
    driver: str
    """NVIDIA's; empty when there is none."""
    cuda: str
    """The newest CUDA it runs."""
    waiting: tuple[Ticket, ...] = ()
    """Those who wait for some, first come first."""
    holders: tuple[ListedHolder, ...] = ()
    """Those whose containers one may see."""
    rocm: str = ""
    """The version of AMD's ROCm on the host; empty when there is none."""


def list_gpus(session: Session) -> GpuList:
    """Return the GPUs of this machine; without an engine only its own notes tell who holds them."""
    inventory = read_inventory()
    told = inventory.problems, inventory.driver, inventory.cuda
    if not inventory.gpus:
        return GpuList((), *told)
    folder = lease_folder()
    leases, waiting = read_leases(session, folder), read_queue(folder)
    containers, samples = read_holders(session), read_use(session.machine)
    names = {container.id: container.labels.get("cove.name", "") for container in containers}
    listed = tuple(_listed(gpu, leases.get(gpu.uuid), names, samples) for gpu in inventory.gpus)
    held = [container.gpus for container in containers]
    holders = [_holder(container, inventory.gpus, samples, held) for container in containers]
    holders.sort(key=lambda holder: (holder.gpus, holder.workspace))
    return GpuList(listed, *told, tuple(waiting), tuple(holders), inventory.hardware.rocm)


def render_document(found: GpuList) -> dict[str, object]:
    """Return the list as JSON has it: memory in bytes."""
    return {
        "driver": found.driver,
        "cuda": found.cuda,
        "rocm": found.rocm,
        "gpus": [
            gpu._asdict()
            | {
                "lease": gpu.lease._asdict() if gpu.lease else None,
                "lately": gpu.lately._asdict() if gpu.lately else None,
                "processes": [process._asdict() for process in gpu.processes],
            }
            for gpu in found.gpus
        ],
        "holders": [
            holder._asdict() | {"lately": holder.lately._asdict() if holder.lately else None}
            for holder in found.holders
        ],
        "waiting": [ticket._asdict() for ticket in found.waiting],
        "problems": [problem._asdict() for problem in found.problems],
    }


def _listed(gpu: Gpu, lease: Lease | None, names: Mapping[str, str], samples: Sequence[Sample]) -> ListedGpu:
    return ListedGpu(
        number=gpu.number,
        id=gpu.id,
        uuid=gpu.uuid,
        name=gpu.name,
        vendor=gpu.vendor,
        memory=gpu.memory,
        used=gpu.used,
        busy=gpu.busy,
        lease=lease,
        processes=tuple(_process(process, names) for process in gpu.processes),
        problem=gpu.problem,
        in_use=is_busy(gpu),
        lately=summarize(samples, (gpu.uuid,), now=time.time()),
    )


def _holder(
    container: ContainerInfo, gpus: Sequence[Gpu], samples: Sequence[Sample], held: Sequence[Sequence[str]]
) -> ListedHolder:
    lease = label_lease(container)
    return ListedHolder(
        workspace=lease.workspace,
        user=lease.user,
        gpus=tuple(gpu.id for gpu in gpus if gpu.uuid in container.gpus),
        memory=sum(
            process.memory for gpu in gpus for process in gpu.processes if process.container == container.id
        ),
        lately=summarize_holder(samples, container.id, container.gpus, held),
        shared=lease.shared,
    )


def choose_alone(gpus: Sequence[str], held: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return a container's GPUs if it has all of them alone, else none; `held` are those of all containers."""
    everyone = [uuid for several in held for uuid in several]
    return tuple(gpus) if all(everyone.count(uuid) <= 1 for uuid in gpus) else ()


def summarize_holder(
    samples: Sequence[Sample], container: str, gpus: Sequence[str], held: Sequence[Sequence[str]]
) -> Lately | None:
    """Return what a container used of its GPUs over the last minutes; `held` are those of all containers.

    How busy it kept them is what its processes did, where the driver tells that, else what was done on GPUs it has alone.
    """
    now = time.time()
    own = summarize(samples, (container,), now=now)
    if own is None or own.busy >= 0:
        return own.each_of(len(gpus)) if own else None
    whole = summarize(samples, choose_alone(gpus, held), now=now)
    return whole._replace(most=own.most) if whole else own


def _process(process: GpuProcess, names: Mapping[str, str]) -> ListedProcess:
    return ListedProcess(process.pid, process.name, process.memory, names.get(process.container, ""))
