"""logs: what a workspace wrote, in three places: cove's own work on it, the editor, the container's main process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.errors import NotFound
from cove.workspace.address import find_desk, find_record
from cove.workspace.progress import read_work

if TYPE_CHECKING:
    from cove.host.proc import Command
    from cove.workspace.session import Session


def read_progress(session: Session, word: str | None) -> list[str]:
    """Return the lines of the last build and start. Raises NotFound."""
    lines = read_work(session.machine, _workspace_id(session, word))
    if lines is None:
        raise NotFound("nothing has been built or started by cove yet", hint="Start it: `cove up`.")
    return lines


def read_editor_log(session: Session, word: str | None, *, lines: int) -> str:
    """Return the last lines of the editor's log. Raises NotFound."""
    from cove.ide.launch import read_log
    from cove.ide.profile import workspace_data

    return read_log(workspace_data(session.machine, _workspace_id(session, word)), lines)


def plan_container_logs(session: Session, word: str | None, *, follow: bool, tail: int | None) -> Command:
    """Return the command that prints what the container's main process wrote. Raises NotFound."""
    return session.engine.logs_command(find_desk(session, word).container.id, follow=follow, tail=tail)


def _workspace_id(session: Session, word: str | None) -> str:
    if record := find_record(session, word):
        return record.id
    desk = find_desk(session, word)
    if not desk.id:
        raise NotFound(
            f"{desk.name} was started by another tool, whose logs cove does not have",
            hint="Try `--container`.",
        )
    return desk.id
