"""GPUs for a workspace: what it wishes, held against what is there and free, and the way in."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cove.engines.choose import which
from cove.engines.info import parse_version
from cove.errors import GpuError
from cove.gpu.choose import choose_gpus, promise_gpus
from cove.gpu.hardware import read_inventory
from cove.gpu.leases import lease_folder
from cove.gpu.way import NO_GPU, EngineWays, choose_way
from cove.spec.gpus import describe_request
from cove.workspace.gpu_leases import read_leases
from cove.workspace.gpu_queue import Place
from cove.workspace.gpu_wish import GpuOptions, read_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cove.engines.base import ContainerInfo, EngineInfo
    from cove.gpu.queue import Ticket
    from cove.gpu.use import Lately
    from cove.spec.gpus import GpuRequest
    from cove.spec.run import GpuGrant
    from cove.workspace.image import Image
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

HOOK = "nvidia-container-runtime-hook"
HOOK_FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/nvidia/toolkit")


class Granted(NamedTuple):
    """What came of a wish."""

    grant: GpuGrant | None
    why: str = ""
    """One sentence for the person; empty when GPUs are not spoken of at all."""
    shared: bool = False


@contextmanager
def leasing(
    session: Session,
    reading: Reading,
    image: Image,
    options: GpuOptions | None = None,
    *,
    replaces: ContainerInfo | None = None,
) -> Iterator[Granted]:
    """Choose GPUs for a container that is started within the block; it must be told to `keep` there.

    Until the block ends no other cove of this host chooses. `replaces` is the container whose place the new
    one takes: its lease is no obstacle, and its GPUs come first. Raises GpuError when there is nothing to be had that must be.
    """
    options = options or GpuOptions()
    request = read_request(reading, image, options)
    if request is None or not request.wants_some:
        nvidia = "nvidia" in session.engine.info().runtimes
        yield Granted(NO_GPU if nvidia else None, "runs on the CPU, as asked" if request else "")
        return
    if session.engine.info().remote:
        yield _not_here(request)
        return
    folder = lease_folder()
    place = Place(session, folder, os.path.basename(reading.address.folder), describe_request(request))
    with ExitStack() as stack:
        yield place.choose(
            stack, lambda ahead: _choose(session, request, folder, replaces, ahead), wait=options.wait
        )


def _not_here(request: GpuRequest) -> Granted:
    why = "GPUs of an engine on another machine cannot be leased from here"
    if request.optional:
        return Granted(None, f"runs on the CPU: {why}")
    raise GpuError(why, hint='Run cove on that machine, or say "gpu": "optional" to go without.')


def _choose(
    session: Session,
    request: GpuRequest,
    folder: str,
    replaces: ContainerInfo | None,
    ahead: Sequence[Ticket],
) -> Granted:
    info = session.engine.info()
    inventory = read_inventory(info.cdi_folders)
    leases = read_leases(session, folder, without=replaces.id if replaces else "")
    # What one holds oneself while it runs is free for oneself alone.
    held = (*leases, *(replaces.gpus if replaces and replaces.running else ()))
    promised = promise_gpus((ticket.promise() for ticket in ahead), inventory, held)
    choice = choose_gpus(
        request,
        inventory,
        leases | promised,
        own=replaces.gpus if replaces else (),
        lately=_read_lately(session, leases),
    )
    if not choice.gpus:
        return Granted(None, choice.why)
    try:
        way = choose_way(plan_engine_ways(session, info), inventory, choice.gpus)
    except GpuError as error:
        if not request.optional:
            raise
        session.progress.warn(f"{error.message}. {error.hint}")
        return Granted(None, f"runs on the CPU: {error.message}")
    for warning in choice.warnings:
        session.progress.warn(warning)
    return Granted(way.grant, f"{choice.why}, {way.why}", request.shared)


def _read_lately(session: Session, uuids: Iterable[str]) -> dict[str, Lately]:
    """Return what was used of GPUs over the last minutes, as far as that was noted."""
    import time

    from cove.gpu.use import summarize
    from cove.workspace.gpu_use import read_use

    samples = read_use(session.machine)
    found = ((uuid, summarize(samples, (uuid,), now=time.time())) for uuid in uuids)
    return {uuid: lately for uuid, lately in found if lately}


def preview(session: Session, request: GpuRequest) -> str:
    """Return what a request would get at this moment, and by which way; nothing is taken."""
    from cove.gpu.queue import read_queue

    if not request.wants_some:
        return "runs on the CPU, as asked"
    if session.engine.info().remote:
        return "GPUs of an engine on another machine cannot be leased from here"
    folder = lease_folder()
    try:
        return _choose(session, request, folder, None, read_queue(folder)).why
    except GpuError as error:
        return f"not to be had now: {error.message}"


def plan_engine_ways(session: Session, info: EngineInfo) -> EngineWays:
    """Return what an engine and this machine say of the ways GPUs can go into a container."""
    return EngineWays(
        name=info.name,
        version=parse_version(info.version),
        rootless=info.rootless,
        cdi_folders=info.cdi_folders,
        cdi_devices=info.cdi_devices,
        runtimes=info.runtimes,
        hook=which(HOOK, session.machine) is not None
        or any(os.access(f"{folder}/{HOOK}", os.X_OK) for folder in HOOK_FOLDERS),
    )
