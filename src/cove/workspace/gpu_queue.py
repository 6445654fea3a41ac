"""A place among those who want GPUs: one chooses at a time, and who waits does so in the order they came."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from cove.gpu.choose import NotFree
from cove.gpu.leases import locked
from cove.gpu.queue import Ticket, join_queue, leave_queue, read_queue
from cove.host.alive import read_start

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager, ExitStack

    from cove.workspace.progress import Step
    from cove.workspace.session import Session

WAIT_SECONDS = 1.0
"""Between two looks at the queue."""
SHOWN_HOLDERS = 2
"""With more of them, a place's line tells their number alone; `cove gpus` has the rest."""
PATIENCE = 5
"""So many looks at the queue, at most, before those behind the first ask the engine again who holds what."""


class Place:
    """A place of one who wants GPUs (`what`, in a person's words), of which others know only while they wait."""

    def __init__(self, session: Session, folder: str, workspace: str, what: str) -> None:
        self._session = session
        self._folder = folder
        self._workspace = workspace
        self._what = what
        self._told = ""

    def choose(self, held: ExitStack, choose: Callable[[Sequence[Ticket]], T], *, wait: bool) -> T:
        """Return what `choose` returns under the host's lock, which `held` then keeps.

        It is given the tickets of those ahead. While it raises NotFree and `wait` is true, it is called again when its
        turn may have come, with the lock free meanwhile.
        """
        held.enter_context(self._turn())
        try:
            return choose(read_queue(self._folder))
        except NotFree as error:
            if not wait:
                raise
            reason = error
        ticket = join_queue(self._folder, self._ticket(reason))
        try:
            with self._session.progress.step("gpu", f"waiting for {self._what}") as step:
                while True:
                    held.pop_all().close()
                    self._rest(ticket, reason, step)
                    held.enter_context(self._turn())
                    try:
                        return choose(self._ahead(ticket))
                    except NotFree as error:
                        reason = error
        finally:
            leave_queue(self._folder, ticket)

    def _turn(self) -> AbstractContextManager[None]:
        note = self._session.progress.note
        return locked(self._folder, on_wait=lambda: note("another cove is choosing its GPUs; waiting for it"))

    def _ticket(self, reason: NotFree) -> Ticket:
        pid = os.getpid()
        return Ticket(
            number=0,
            workspace=self._workspace,
            user=user_name(self._session.machine.owner.uid),
            since=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            pid=pid,
            started=read_start(pid),
            what=self._what,
            wanted=reason.wanted,
            among=reason.among,
        )

    def _ahead(self, ticket: Ticket) -> list[Ticket]:
        return [other for other in read_queue(self._folder) if other.number < ticket.number]

    def _rest(self, ticket: Ticket, reason: NotFree, step: Step) -> None:
        """Wait until it is worth asking the engines again, and tell the place when it has changed."""
        place = len(self._ahead(ticket)) + 1
        held = reason.detail.splitlines()
        why = "; ".join(held) if 0 < len(held) <= SHOWN_HOLDERS else reason.message
        line = f"place {place} in the queue: {why}"
        if line != self._told:
            self._told = line
            step.line(line)
        for _ in range(min(place, PATIENCE)):
            time.sleep(WAIT_SECONDS)
            if len(self._ahead(ticket)) + 1 != place:
                return


def user_name(uid: int) -> str:
    """Return a user's name, or their number where the machine knows no name."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
