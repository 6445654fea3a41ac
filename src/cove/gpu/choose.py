"""Which of the GPUs that are there a request gets. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import GpuError
from cove.gpu.inventory import INTEL, MAKERS, describe_absence
from cove.spec.gpus import ALL, describe_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.gpu.inventory import Gpu, Inventory
    from cove.gpu.use import Lately
    from cove.spec.gpus import GpuRequest

IDLE_BYTES = 512 << 20
"""A GPU that has less than this in use is idle: displays and drivers keep a little for themselves."""


class NotFree(GpuError):  # noqa: N818 - an absence that time cures
    """There are such GPUs, and others hold them: not `wanted` of those `among` (UUIDs) are free."""

    def __init__(
        self, message: str, *, hint: str = "", detail: str = "", wanted: int = 0, among: Sequence[str] = ()
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.wanted = wanted
        self.among = tuple(among)


class Lease(NamedTuple):
    """A GPU that a workspace holds."""

    uuid: str
    workspace: str
    """Its name."""
    user: str
    since: str = ""
    """UTC, as ISO 8601; empty where it is not known."""
    shared: bool = False
    promised: bool = False
    """It is free, and the next one for somebody who waits in the queue since then."""

    @property
    def verb(self) -> str:
        """What comes before the name of whose it is."""
        return "goes to the next in the queue," if self.promised else "is held by"

    def describe(self) -> str:
        """Return whose it is: `digits of ada since 2026-11-22T06:35:49Z`."""
        since = f" since {self.since}" if self.since else ""
        return f"{self.workspace} of {self.user}{since}"


class Promise(NamedTuple):
    """What goes to one who waits, as soon as it is free."""

    whose: Lease
    wanted: int
    """How many."""
    among: tuple[str, ...]
    """The UUIDs of those that will do."""


class Choice(NamedTuple):
    """What a request came to."""

    gpus: tuple[Gpu, ...]
    """Empty: it runs on the CPU."""
    why: str
    """In one sentence: why these, or why none."""
    warnings: tuple[str, ...] = ()


def choose_gpus(
    request: GpuRequest,
    inventory: Inventory,
    leases: Mapping[str, Lease],
    *,
    own: Sequence[str] = (),
    lately: Mapping[str, Lately] = {},
) -> Choice:
    """Return the GPUs for a request; `leases` are the ones held by others, by UUID.

    Those that the workspace had before (`own`) come first; then those that nobody holds or computes on, then the ones
    with most memory free; several come from one memory node of the processor if they can. Who asks to share gets leased
    ones as well, with a warning.
    `lately` is what was used of GPUs over the last minutes, for the warning of who shares one.
    Raises GpuError when there are not enough, naming who holds what; an optional request gets none instead.
    """
    try:
        chosen = _choose(request, inventory, leases, own)
    except GpuError as error:
        if not request.optional:
            raise
        return Choice((), f"runs on the CPU: {error.message}")
    position = sorted(chosen, key=_position)
    return Choice(tuple(position), _why(position, inventory), _warnings(position, leases, lately))


def _choose(
    request: GpuRequest, inventory: Inventory, leases: Mapping[str, Lease], own: Sequence[str]
) -> list[Gpu]:
    if not inventory.usable:
        problem = inventory.problems[0].hint if inventory.problems else ""
        raise GpuError(
            describe_absence(inventory), hint=problem or 'For a GPU where there is one: "gpu": "optional".'
        )
    fitting = [gpu for gpu in _of_one_maker(request, inventory) if fits(gpu, request)]
    wanted = len(fitting) if request.number == ALL else request.number
    if len(fitting) < max(wanted, 1):
        raise _too_few(request, inventory)
    free = [gpu for gpu in fitting if _is_open(leases.get(gpu.uuid), request)]
    if len(free) < wanted:
        raise _taken(request, fitting, leases)
    return _nearest(sorted(free, key=lambda gpu: _order(gpu, leases, own)), wanted)


def _of_one_maker(request: GpuRequest, inventory: Inventory) -> Sequence[Gpu]:
    """Return the GPUs among which to look: where none is named, those of one maker, since frameworks are built for one.

    An Intel GPU, which most processors have inside, never stands in for one of another maker that does not work.
    """
    if request.ids or request.name:
        return inventory.usable
    maker = request.maker or min((gpu.vendor for gpu in inventory.usable), key=MAKERS.index)
    broken = inventory.problems or len(inventory.usable) < len(inventory.gpus)
    if maker == INTEL and broken and not request.maker:
        hint = inventory.problems[0].hint if inventory.problems else ""
        raise GpuError(describe_absence(inventory), hint=hint or "For the Intel GPU, name it with --gpus.")
    return [gpu for gpu in inventory.usable if gpu.vendor == maker]


def promise_gpus(promises: Iterable[Promise], inventory: Inventory, held: Iterable[str]) -> dict[str, Lease]:
    """Return what is free now, but goes to those who wait, in their order; `held` are the UUIDs that are not free.

    So a wish for two GPUs gets them in the end, whatever comes meanwhile for one.
    """
    taken = set(held)
    promised: dict[str, Lease] = {}
    for promise in promises:
        free = [gpu for gpu in inventory.usable if gpu.uuid in promise.among and gpu.uuid not in taken]
        for gpu in _nearest(sorted(free, key=lambda gpu: _order(gpu, {}, ())), promise.wanted):
            taken.add(gpu.uuid)
            promised[gpu.uuid] = promise.whose._replace(uuid=gpu.uuid, promised=True)
    return promised


def _is_open(lease: Lease | None, request: GpuRequest) -> bool:
    """Return whether a GPU may be given: nobody holds it, or it is to be shared and not promised."""
    return lease is None or (request.shared and not lease.promised)


def fits(gpu: Gpu, request: GpuRequest) -> bool:
    """Return whether a GPU is one that was asked for; what is not known of it counts as enough."""
    if request.ids and not {gpu.uuid, gpu.id, gpu.parent, str(gpu.number)} & set(request.ids):
        return False
    enough = not gpu.memory or gpu.memory >= request.memory
    return (
        enough
        and (not gpu.cores or gpu.cores >= request.cores)
        and request.name.lower() in f"{gpu.vendor} {gpu.name}".lower()
    )


def _order(gpu: Gpu, leases: Mapping[str, Lease], own: Sequence[str]) -> tuple[int, ...]:
    return gpu.uuid not in own, gpu.uuid in leases, is_busy(gpu), gpu.used - gpu.memory, *_position(gpu)


def _position(gpu: Gpu) -> tuple[int, int]:
    return gpu.number, gpu.instance


def is_busy(gpu: Gpu) -> bool:
    """Return whether somebody uses it, leased or not: computes, records its screen, or fills its memory.

    A program that merely draws does not count, nor does how much it draws: every desktop has some.
    """
    computes = any(not process.graphics for process in gpu.processes)
    return computes or gpu.recording > 0 or gpu.used >= IDLE_BYTES


def _nearest(ordered: Sequence[Gpu], wanted: int) -> list[Gpu]:
    """Return the first ones, or as many of one memory node, when these are no worse."""
    first = list(ordered[:wanted])
    if wanted < 2 or len({gpu.numa for gpu in first}) == 1:
        return first
    busy = sum(map(is_busy, first))
    for node in sorted({gpu.numa for gpu in ordered}):
        beside = [gpu for gpu in ordered if gpu.numa == node][:wanted]
        if len(beside) == wanted and sum(map(is_busy, beside)) <= busy:
            return beside
    return first


def _why(chosen: Sequence[Gpu], inventory: Inventory) -> str:
    names = ", ".join(f"GPU {gpu.id}" for gpu in chosen)
    kinds = " and ".join(dict.fromkeys(gpu.name for gpu in chosen))
    return f"{names} of {len(inventory.gpus)} ({kinds})"


def _warnings(
    chosen: Sequence[Gpu], leases: Mapping[str, Lease], lately: Mapping[str, Lately]
) -> tuple[str, ...]:
    warnings = []
    if len(chosen) > 1 and any(gpu.parent for gpu in chosen):
        warnings.append(
            "these are MIG instances, of which a process can use one alone: CUDA_VISIBLE_DEVICES says which"
        )
    for gpu in chosen:
        if lease := leases.get(gpu.uuid):
            warnings.append(
                f"GPU {gpu.id} is shared with {lease.describe()}{_load(gpu, lately.get(gpu.uuid))}"
            )
        elif is_busy(gpu):
            users = ", ".join(process.name or f"process {process.pid}" for process in gpu.processes)
            warnings.append(
                f"GPU {gpu.id} is in use by {users or 'somebody'} outside of cove: {gpu.used / 2**30:.1f} of"
                f" {gpu.memory / 2**30:.1f} GiB"
            )
    return tuple(warnings)


def _load(gpu: Gpu, lately: Lately | None) -> str:
    """Return how much of a GPU others leave, as the end of a sentence; empty when they leave it all."""
    if not is_busy(gpu) and not (lately and lately.most >= IDLE_BYTES):
        return ""
    now = f"{gpu.busy} % now" if gpu.busy is not None else ""
    told = ", ".join(part for part in (now, lately.describe() if lately else "") if part)
    left = f"{max(gpu.memory - gpu.used, 0) / 2**30:.1f} of {gpu.memory / 2**30:.1f} GiB are free"
    return f", who uses it ({told}): {left}" if told else f", who uses it: {left}"


def _too_few(request: GpuRequest, inventory: Inventory) -> GpuError:
    there = "; ".join(describe_gpu(gpu) for gpu in inventory.gpus)
    return GpuError(
        f"{request.origin or 'the request'} wants {describe_request(request)}, and this machine has no such"
        if request.number in {1, ALL}
        else f"{request.origin or 'the request'} wants {describe_request(request)}, more than this machine has",
        hint="Ask for less, or name others with --gpus.",
        detail=f"There are: {there}",
    )


def _taken(request: GpuRequest, fitting: Sequence[Gpu], leases: Mapping[str, Lease]) -> NotFree:
    held = [(gpu, leases[gpu.uuid]) for gpu in fitting if gpu.uuid in leases]
    free = len(fitting) - len(held)
    return NotFree(
        f"{request.origin or 'the request'} wants {describe_request(request)}, but {free} of {len(fitting)} "
        f"{'is' if free == 1 else 'are'} free",
        hint="Wait with --wait, share with --share, or ask for others with --gpus.",
        detail="\n".join(f"GPU {gpu.id} {lease.verb} {lease.describe()}" for gpu, lease in held),
        wanted=len(fitting) if request.number == ALL else request.number,
        among=[gpu.uuid for gpu in fitting],
    )


def describe_gpu(gpu: Gpu) -> str:
    """Return a GPU in a person's words: `GPU 0 NVIDIA A100, 40 GiB`."""
    memory = f", {gpu.memory / 2**30:.0f} GiB" if gpu.memory else ""
    return f"GPU {gpu.id} {gpu.name}{memory}{f' ({gpu.problem})' if gpu.problem else ''}"
