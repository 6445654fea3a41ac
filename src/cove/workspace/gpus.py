"""GPUs for a workspace: what it wishes, what is there and free, and a lease that lasts as long as its container."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cove.engines.choose import which
from cove.engines.info import parse_version
from cove.errors import GpuError
from cove.gpu.choose import Lease, NotFree, choose_gpus, promise_gpus
from cove.gpu.hardware import read_inventory, read_module
from cove.gpu.leases import Note, lease_folder, read_notes, read_starting, write_note
from cove.gpu.way import NO_GPU, EngineWays, choose_way
from cove.host.alive import read_start
from cove.spec.gpus import (
    choose_request,
    describe_request,
    parse_cove_gpus,
    parse_gpu_option,
    parse_requirement,
    split_run_args,
)
from cove.spec.narrow import Spot
from cove.workspace.gpu_queue import Place, user_name

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
LABEL = "cove.gpus"
"""UUIDs with commas between them, on the container that holds them."""
SHARED = "cove.gpus.shared"


class GpuOptions(NamedTuple):
    """What a person may say of GPUs on the command line."""

    gpus: str = ""
    """The value of --gpus; empty: not said."""
    share: bool = False
    wait: bool = False


class Granted(NamedTuple):
    """What came of a wish."""

    grant: GpuGrant | None
    why: str = ""
    """One sentence for the person; empty when GPUs are not spoken of at all."""
    shared: bool = False


def read_request(reading: Reading, image: Image | None, options: GpuOptions) -> GpuRequest | None:
    """Return the one request that options, files and image make; without an image, what the file alone says.

    Raises UsageError, ConfigurationError.
    """
    configuration = reading.configuration
    spot = Spot(_text(configuration.path), configuration.path)
    cove = configuration.cove.get("gpus")
    requirements = image.merged.host_requirements if image else configuration.layer.host_requirements
    request = choose_request(
        option=parse_gpu_option(options.gpus) if options.gpus else None,
        cove=None if cove is None else parse_cove_gpus(cove, spot / "customizations" / "cove" / "gpus"),
        run_args=split_run_args(configuration.run_args, spot / "runArgs")[0],
        requirement=parse_requirement(requirements or {}, "hostRequirements.gpu"),
        needed_by_image=_needs_gpu(image) if image else "",
    )
    return request._replace(shared=request.shared or options.share) if request else None


def _needs_gpu(image: Image) -> str:
    """Return why an image is made for NVIDIA's GPUs (container toolkit, "Environment variables"), or nothing."""
    env = image.info.env
    if env.get("NVIDIA_VISIBLE_DEVICES", "void") not in {"", "void", "none"} or "CUDA_VERSION" in env:
        return "the image is made for CUDA"
    return ""


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
    inventory = read_inventory()
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
        way = choose_way(plan_engine_ways(session, session.engine.info()), inventory, choice.gpus)
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
        runtimes=info.runtimes,
        hook=which(HOOK, session.machine) is not None
        or any(os.access(f"{folder}/{HOOK}", os.X_OK) for folder in HOOK_FOLDERS),
    )


# -- leases


def keep(session: Session, container: ContainerInfo) -> None:
    """Leave a note of the GPUs that a container's label says it holds, for as long as it runs. Call it within the lock."""
    uuids = container.gpus
    folder = lease_folder() if uuids else ""
    for uuid in uuids:
        note = Note(
            uuid=uuid,
            workspace=container.labels.get("cove.name", "") or container.name,
            user=user_name(session.machine.owner.uid),
            since=container.started,
            container=container.id,
            pid=container.pid,
            started=read_start(container.pid),
            shared=SHARED in container.labels,
            module=read_module(),
        )
        write_note(folder, note)


def start_leased(session: Session, container: ContainerInfo, *, wait: bool = False) -> None:
    """Start a stopped container; one that holds GPUs only if they are still its own, or, to `wait`, again its own.

    Raises GpuError when another has taken them meanwhile, EngineError when it does not start.
    """
    if not container.gpus:
        session.engine.start(container.id)
        return
    folder = lease_folder()
    name = container.labels.get("cove.name", "") or container.name
    place = Place(session, folder, name, "its own GPU again")
    with ExitStack() as stack:
        place.choose(stack, lambda ahead: _need_own(session, container, ahead), wait=wait)
        session.engine.start(container.id)
        if started := session.engine.inspect_container(container.id):
            keep(session, started)


def _need_own(session: Session, container: ContainerInfo, ahead: Sequence[Ticket]) -> None:
    """Raise NotFree when somebody else holds a container's GPUs, or is promised them."""
    if taken := find_taken(session, container, ahead):
        raise NotFree(
            f"its GPU {taken.verb} {taken.describe()}",
            hint="Wait for it with --wait; `cove up --repair` makes the container anew, with GPUs that are free.",
            wanted=len(container.gpus),
            among=container.gpus,
        )


def find_taken(session: Session, container: ContainerInfo, ahead: Sequence[Ticket] = ()) -> Lease | None:
    """Return who else holds a GPU of a stopped container, or is promised it among those `ahead` in the queue."""
    leases = read_leases(session, lease_folder(), without=container.id)
    if ahead:
        leases |= promise_gpus((ticket.promise() for ticket in ahead), read_inventory(), leases)
    shared = SHARED in container.labels
    theirs = (leases[uuid] for uuid in container.gpus if uuid in leases)
    return next((lease for lease in theirs if not (shared and lease.shared)), None)


def read_leases(session: Session, folder: str, *, without: str = "") -> dict[str, Lease]:
    """Return who holds what, by UUID: the notes of all users, and the labels on running containers one may see.

    `without` is the id of a container whose own leases do not count.
    """
    leases: dict[str, Lease] = {}
    for container in read_holders(session):
        if container.id != without:
            lease = label_lease(container)
            _add(leases, (lease._replace(uuid=uuid) for uuid in container.gpus))
    _add(leases, (note.lease() for note in read_notes(folder) if note.container != without))
    _add(leases, read_starting())
    return leases


def _add(leases: dict[str, Lease], more: Iterable[Lease]) -> None:
    """Add leases; of several on one GPU, who would have it alone stands for all."""
    for lease in more:
        if lease.uuid not in leases or not lease.shared:
            leases[lease.uuid] = lease


def read_holders(session: Session) -> list[ContainerInfo]:
    """Return the running containers that hold GPUs, on every engine that answers; what a killed `run` left is removed."""
    from cove.engines.choose import read_engines
    from cove.workspace.orphans import remove_orphans

    engines = read_engines(session.runner, session.machine)
    return [
        found
        for engine in engines
        for found in remove_orphans(session, engine, engine.containers({LABEL: ""}, all_states=False))
    ]


def label_lease(container: ContainerInfo) -> Lease:
    """Return the lease that a container's labels tell of, for any of its GPUs."""
    labels = container.labels
    owner = labels.get("cove.owner", "")
    user = user_name(int(owner)) if owner.isdigit() else "somebody"
    name = labels.get("cove.name", "") or container.name
    return Lease("", name, user, container.created, shared=SHARED in labels)


def _text(path: str) -> str:
    """Return a configuration's text, for the places of errors; it has been read before."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
