"""A compose project for the length of a command: under a name of its own, beside the one that `up` keeps.

Its containers, network and volumes are new, and gone at the end; volumes with a fixed name are the person's, and stay.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cove.errors import EngineError
from cove.host.files import scratch
from cove.spec.compose import PROJECT_LABEL, SERVICE_LABEL
from cove.workspace.compose import bring_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.engines.base import ContainerInfo, Engine
    from cove.spec.compose import Project
    from cove.spec.run import RunRequest
    from cove.workspace.session import Session

MARK = "-run-"
"""In the name of such a project."""


@contextmanager
def running_project(session: Session, project: Project, wish: RunRequest) -> Iterator[str]:
    """Give the container of the service, its project brought up, until the block ends. Raises EngineError."""
    own = project._replace(name=f"{project.name}{MARK}{os.urandom(3).hex()}")
    labels = {PROJECT_LABEL: own.name, SERVICE_LABEL: own.service}
    with scratch("compose") as folder:
        override = f"{folder}/compose.json"
        try:
            try:
                container = bring_up(session, own, override, wish, labels)
            except EngineError as error:
                error.hint = error.hint or (
                    "Ports and container names that its files fix can be had once: `cove stop` ends the project of `up`."
                )
                raise
            yield container
        finally:
            take_away(session, own, override)


def take_away(session: Session, project: Project, override: str) -> None:
    """Remove a project with its network, and the images and volumes that were made for it."""
    program = session.engine.compose()
    here = os.path.dirname(project.files[0])
    command = program.command(project.name, (*project.files, override), "down", cwd=here)
    if not session.runner.run(command).ok:
        session.progress.warn(
            f"compose could not take down the project {project.name}; its containers are removed"
        )
    for container in session.engine.containers({PROJECT_LABEL: project.name}):
        session.engine.remove(container.id)
    session.engine.remove_networks(f"{project.name}_")  # podman-compose leaves them
    for volume in session.engine.volumes(f"{project.name}_"):
        session.engine.remove_volume(volume.name)
    for prefix in (project.name, f"localhost/{project.name}"):
        for image in session.engine.named_images(prefix):
            session.engine.remove_image(image.reference)


def remove_project(engine: Engine, container: ContainerInfo) -> None:
    """Remove the other containers of the project that a killed run has brought up for a container."""
    found = engine.inspect_container(container.id)
    name = found.labels.get(PROJECT_LABEL, "") if found else ""
    for other in engine.containers({PROJECT_LABEL: name}) if MARK in name else ():
        if other.id != container.id:
            engine.remove(other.id)
