"""Those who wait for GPUs, in the order they came: tickets in a folder of the host that everybody may write to.

A ticket counts as long as the process that waits lives, so one that was killed holds nobody up. Tickets are written
under the lock under which GPUs are chosen (`leases.locked`), which makes their numbers an order.
"""

from __future__ import annotations

from contextlib import suppress
from os import unlink
from typing import TYPE_CHECKING, NamedTuple

from cove.gpu.choose import Lease, Promise
from cove.gpu.leases import lease_folder
from cove.gpu.notices import read_notices, write_notice
from cove.host.alive import is_alive

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ticket(NamedTuple):
    """A place in the queue."""

    number: int
    """Those with smaller ones come first."""
    workspace: str
    """The name of its folder."""
    user: str
    since: str
    """UTC, as ISO 8601."""
    pid: int
    """Of who waits."""
    started: int
    """When that process began, in ticks since boot."""
    what: str
    """What is wished, in a person's words."""
    wanted: int
    """How many GPUs."""
    among: tuple[str, ...]
    """The UUIDs of those that will do."""

    def promise(self) -> Promise:
        """Return what choosing needs of it."""
        return Promise(Lease("", self.workspace, self.user, self.since), self.wanted, self.among)


def queue_folder(folder: str) -> str:
    """Return the folder of tickets below the one of leases, made if need be. Raises GpuError."""
    return lease_folder((f"{folder}/queue",))


def join_queue(folder: str, ticket: Ticket) -> Ticket:
    """Put a ticket behind all others and return it with its number. Call it under the lock."""
    numbered = ticket._replace(number=max((other.number for other in read_queue(folder)), default=0) + 1)
    write_notice(queue_folder(folder), f"{numbered.number}", f"{numbered.pid}", numbered._asdict())
    return numbered


def leave_queue(folder: str, ticket: Ticket) -> None:
    """Take one's own ticket away."""
    for notice in read_notices(queue_folder(folder)):
        if _parse(notice.document) == ticket:
            with suppress(OSError):
                unlink(notice.path)


def read_queue(folder: str) -> list[Ticket]:
    """Return the tickets of those who still wait, first come first; one's own that are over are taken away."""
    found = []
    for notice in read_notices(queue_folder(folder)):
        ticket = _parse(notice.document)
        if ticket is not None and is_alive(ticket.pid, ticket.started):
            found.append(ticket)
        else:
            notice.withdraw()
    return sorted(found, key=lambda ticket: (ticket.number, ticket.pid))


KINDS = {
    "number": int,
    "workspace": str,
    "user": str,
    "since": str,
    "pid": int,
    "started": int,
    "what": str,
    "wanted": int,
    "among": list,
}


def _parse(document: Mapping[str, object]) -> Ticket | None:
    if document.keys() != KINDS.keys() or not all(
        isinstance(document[name], kind) for name, kind in KINDS.items()
    ):
        return None
    among = document["among"]
    assert isinstance(among, list)
    said = {**document, "among": tuple(str(uuid) for uuid in among)}
    return Ticket(**said)  # type: ignore[arg-type]  # as KINDS says
