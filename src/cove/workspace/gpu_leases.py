"""Leases of GPUs: the label on a container that runs, and a note for who may not see it; both last as long as it does."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from cove.gpu.choose import Lease, NotFree, promise_gpus
from cove.gpu.hardware import read_inventory, read_module
from cove.gpu.leases import Note, lease_folder, read_notes, read_starting, write_note
from cove.host.alive import read_start
from cove.workspace.gpu_queue import Place, user_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cove.engines.base import ContainerInfo
    from cove.gpu.queue import Ticket
    from cove.workspace.session import Session

LABEL = "cove.gpus"
"""UUIDs with commas between them, on the container that holds them."""
SHARED = "cove.gpus.shared"


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
