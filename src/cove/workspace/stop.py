"""stop and rm: a workspace at rest, and a container gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.places.endpoints import remove_endpoint
from cove.spec.compose import PROJECT_LABEL
from cove.workspace.address import find_desk, is_cloned
from cove.workspace.records import read_records, state_folder

if TYPE_CHECKING:
    from cove.workspace.address import Desk
    from cove.workspace.session import Session


class Stopped(NamedTuple):
    """What was stopped or removed."""

    id: str
    """The workspace's; empty for a container that another tool made."""
    name: str
    container: str
    engine: str
    clone: str = ""
    """Of a repository opened by URL, when its data were to go too: `removed`, or why its folder stays."""
    worktree: str = ""
    """The same of a branch's working tree that cove made; without the wish for its data, that it stays."""


def stop_workspace(session: Session, word: str | None) -> Stopped:
    """Stop a workspace's container; its files inside stay. Raises NotFound, EngineError."""
    desk = find_desk(session, word)
    with session.progress.step("stop", f"stopping {desk.name}"):
        session.engine.stop(desk.container.id)
        if _is_composed(desk):
            from cove.workspace.compose import stop_siblings

            stop_siblings(session, desk.id, desk.container)
    _leave(session, desk)
    return Stopped(desk.id, desk.name, desk.container.id, session.engine.word)


def remove_workspace(session: Session, word: str | None, *, data: bool = False) -> Stopped:
    """Remove a workspace's container; with `data` also its own editor data (settings, history).

    With `data` a repository opened by URL goes too, unless something in it would be lost. Any other repository, the
    image and the person's profile stay. Asks before something is lost that was made inside. Raises NotFound, Refused,
    EngineError.
    """
    desk = find_desk(session, word)
    if desk.id:
        from cove.workspace.losses import need_consent_to_lose

        need_consent_to_lose(session, desk.id, desk.container.id, f"Remove {desk.name}")
    _leave(session, desk)
    with session.progress.step("remove", f"removing {desk.name}"):
        if _is_composed(desk):
            from cove.workspace.compose import take_down

            take_down(session, desk.id, desk.container)
        session.engine.remove(desk.container.id)
    stopped = Stopped(desk.id, desk.name, desk.container.id, session.engine.word)
    if not desk.id:
        return stopped
    _forget(session, desk.id, data=data)
    return _remove_files(session, desk, stopped, data=data)


def _remove_files(session: Session, desk: Desk, stopped: Stopped, *, data: bool) -> Stopped:
    """Remove a clone or a branch's working tree, which cove made, when that was asked for and nothing would be lost."""
    from cove.workspace.branch import is_branch_folder, remove_branch_folder

    others = [record.folder for record in read_records(session.machine)]
    if is_branch_folder(session.machine, desk.folder):
        if not data:
            return stopped._replace(worktree=f"its files stay in {desk.folder}")
        return stopped._replace(worktree=remove_branch_folder(session, desk.folder, others))
    if data and is_cloned(session.machine, desk.folder):
        from cove.workspace.clone import remove_clone

        return stopped._replace(clone=remove_clone(session, desk.folder, others))
    return stopped


def _is_composed(desk: Desk) -> bool:
    """Return whether a workspace may be of a compose project; what cove has noted of it decides."""
    return bool(desk.id) and PROJECT_LABEL in desk.container.labels


def _leave(session: Session, desk: Desk) -> None:
    """Bring home what the person changed in the editor, and close the way in."""
    from cove.workspace.editor import bring_home

    if desk.id:
        bring_home(session, desk.id, isolated="cove.isolated" in desk.container.labels)
        remove_endpoint(session.machine, desk.id)


def _forget(session: Session, workspace_id: str, *, data: bool) -> None:
    import os

    from cove.host.files import remove_tree
    from cove.workspace.good import KEPT_AS

    folder = state_folder(session.machine, workspace_id)
    for name in (
        "record.json",
        "endpoint.json",
        "progress.jsonl",
        "failed.log",
        "baseline",
        "project.json",
        "compose.json",
    ):
        if os.path.exists(f"{folder}/{name}"):
            os.unlink(f"{folder}/{name}")
    remove_tree(f"{session.machine.directories.run}/{workspace_id}")
    if data:
        session.engine.remove_image(f"{KEPT_AS}:{workspace_id}")
        remove_tree(f"{session.machine.directories.data}/workspaces/{workspace_id}")
        remove_tree(folder)
