"""Work that was cut off (kill -9, power, a crash, an engine that died): how it is known, and what the next `up` clears away."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cove.errors import EngineError
from cove.workspace.records import read_record, state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.host.machine import Machine
    from cove.workspace.session import Session


@contextmanager
def marked(machine: Machine, workspace_id: str) -> Iterator[None]:
    """Mark work on a workspace while it lasts.

    The mark stays when the process is killed, and when an engine fails: it may not have taken back what was made.
    """
    path = _mark(machine, workspace_id)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        yield
    except EngineError:
        raise
    except BaseException:
        _remove(path)
        raise
    _remove(path)


def clear_unfinished(session: Session, workspace_id: str) -> bool:
    """Remove what work that was cut off left: containers beside the one to keep, and files of a moment.

    Returns whether there was such work. The container on record is kept, since it worked; without one the newest, which
    can be settled in. Called with the workspace's lock held. Raises EngineError.
    """
    if not os.path.exists(_mark(session.machine, workspace_id)):
        return False
    from cove.host.files import remove_scratch

    remove_scratch()
    record = read_record(session.machine, workspace_id)
    if record:
        session.use_engine(record.engine)
    found = [container.id for container in session.engine.containers({"cove.id": workspace_id})]
    kept = record.container if record and record.container in found else next(iter(found), "")
    keep_only(session, workspace_id, kept)
    os.unlink(_mark(session.machine, workspace_id))
    return True


def keep_only(session: Session, workspace_id: str, kept: str) -> None:
    """Remove a workspace's other containers: the one that was replaced, and what killed work has left."""
    for container in session.engine.containers({"cove.id": workspace_id}):
        if container.id != kept:
            session.engine.remove(container.id)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _mark(machine: Machine, workspace_id: str) -> str:
    return f"{state_folder(machine, workspace_id)}/unfinished"
