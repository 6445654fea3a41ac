"""Containers of `cove run` whose cove was killed before it could remove them: the next cove does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.errors import EngineError
from cove.host.alive import is_over
from cove.workspace.compose_run import remove_project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cove.engines.base import ContainerInfo, Engine
    from cove.workspace.session import Session

RUNNER = "cove.runner"
"""Marks the process that will remove the container (`host/alive.py`)."""


def sweep(session: Session) -> None:
    """Remove what killed runs left on the engine in use."""
    try:
        remove_orphans(session, session.engine, session.engine.containers({RUNNER: ""}))
    except EngineError as error:
        session.progress.warn(f"what killed runs may have left was not looked for: {error.message}")


def remove_orphans(
    session: Session, engine: Engine, containers: Iterable[ContainerInfo]
) -> list[ContainerInfo]:
    """Remove the orphans among an engine's containers, whoever's they are, and return the others.

    Only one whose process has ended for certain is an orphan: a mark from another machine or another container says
    nothing here.
    """
    left = []
    for container in containers:
        mark = container.labels.get(RUNNER, "")
        if not (mark and is_over(mark)):
            left.append(container)
            continue
        name = container.labels.get("cove.name", "") or container.name
        try:
            remove_project(engine, container)
            engine.remove(container.id)
        except EngineError as error:
            session.progress.warn(f"a killed `cove run` left a container of {name}: {error.message}")
            left.append(container)
        else:
            session.progress.note(f"removed a container of {name} that a killed `cove run` had left")
    return left
