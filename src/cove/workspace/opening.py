"""The editor's start in a container, and the way to it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError, EngineError, PlaceError
from cove.places.base import Endpoint, Target
from cove.places.endpoints import read_endpoint, write_endpoint
from cove.places.local import LocalPlace, mux_request
from cove.spec.run import ExecRequest
from cove.workspace.beside import Beside
from cove.workspace.secrets import read_private_env

if TYPE_CHECKING:
    from cove.workspace.editor import Editor
    from cove.workspace.records import Record
    from cove.workspace.session import Session

READY_SECONDS = 90.0
"""Patience for a first start on a slow, busy machine; idle it takes one to two."""
EXEC_SECONDS = 15.0
"""Patience for the second way once the first has had its time."""


def start_editor(session: Session, workspace_id: str, record: Record, editor: Editor) -> Record:
    """Start the editor in a running container, wait until it answers, and note the way to it.

    Raises ConfigurationError when the image cannot run it, PlaceError when it does not answer.
    """
    # The engine's command returns a moment after the editor has begun to start.
    launch = Beside(lambda: _launch(session, record, editor), name="launch")
    with session.progress.step("open", "starting the editor"), launch as launching:
        endpoint = _reach(session, workspace_id, record, editor, launching)
    write_endpoint(session.machine, endpoint)
    return record._replace(editor=editor.label)


def _launch(session: Session, record: Record, editor: Editor) -> None:
    from cove.ide.launch import SHELL_FOUND

    request = ExecRequest(
        container=record.container,
        argv=editor.launch.argv,
        user=record.user,
        workdir=record.workspace_folder,
        env={
            **record.env,
            **read_private_env(session, record),
            **editor.launch.env,
            SHELL_FOUND: record.shell,
        },
        detach=True,
    )
    outcome = session.engine.exec(request)
    if not outcome.ok:
        raise EngineError("the editor could not be started in the container", detail=outcome.last_lines())


def _reach(
    session: Session, workspace_id: str, record: Record, editor: Editor, launching: Beside[None]
) -> Endpoint:
    """Return the first way that works: the one chosen, then a stream through exec."""
    from cove.places.probe import wait_until_ready

    first = Endpoint(
        id=workspace_id,
        way=editor.request.way,
        engine=session.engine.word,
        container=record.container,
        address=_published(session, record.container, editor),
        secret=editor.request.secret,
    )
    ways = [first] if first.way != "socket" else [first, first._replace(way="exec")]
    place = open_place(session)
    failures: list[PlaceError] = []
    try:
        for endpoint, patience in zip(ways, (READY_SECONDS, EXEC_SECONDS), strict=False):
            try:
                wait_until_ready(
                    place,
                    endpoint,
                    editor.launch.health_path,
                    timeout=patience,
                    on_progress=lambda _: _check(editor, launching),
                )
            except PlaceError as error:
                failures.append(error)
            else:
                return endpoint
    finally:
        place.close()
    raise PlaceError(failures[0].message, hint="Look at `cove logs --editor`.", detail=_log(editor))


def _published(session: Session, container: str, editor: Editor) -> str:
    if editor.request.way != "port":
        return ""
    info = session.engine.inspect_container(container)
    return info.ports.get(f"{editor.request.port}/tcp", "") if info else ""


def _check(editor: Editor, launching: Beside[None]) -> None:
    """Give up waiting when the engine did not launch it, or the launcher has said that it cannot start the editor."""
    from cove.ide.launch import read_problem

    if launching.done:
        launching.result()
    if problem := read_problem(editor.data):
        raise ConfigurationError(
            problem, hint="Use an image with glibc 2.28 or newer, such as Debian 10 or Ubuntu 20.04."
        )


def _log(editor: Editor) -> str:
    from cove.ide.launch import read_log

    return read_log(editor.data, 12)


def open_place(session: Session) -> LocalPlace:
    """Return the place that workspaces of this session's engine run in."""
    return LocalPlace(
        session.machine, lambda endpoint: session.engine.exec_command(mux_request(endpoint.container))
    )


def is_alive(session: Session, record: Record) -> bool:
    """Return whether the editor of a running container takes connections."""
    endpoint = read_endpoint(session.machine, record.id)
    if endpoint is None or endpoint.container != record.container:
        return False
    place = open_place(session)
    try:
        with closing(place.connect(endpoint, Target())):
            return True
    except PlaceError:
        return False
    finally:
        place.close()
