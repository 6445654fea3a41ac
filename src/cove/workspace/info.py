"""info: everything about one workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.places.endpoints import read_endpoint
from cove.workspace.address import find_desk
from cove.workspace.inputs import read_changes

if TYPE_CHECKING:
    from cove.workspace.session import Session


def read_info(session: Session, word: str | None) -> dict[str, object]:
    """Return a workspace as a JSON object: what the engine says, what cove remembers, what has changed since.

    Raises NotFound, EngineError.
    """
    desk = find_desk(session, word)
    container, record = desk
    engine = session.engine.info()
    labels = container.labels
    endpoint = read_endpoint(session.machine, desk.id) if desk.id else None
    return {
        "name": desk.name,
        "id": desk.id,
        "folder": desk.folder,
        "configFile": labels.get("devcontainer.config_file", ""),
        "state": container.state,
        "containerId": container.id,
        "containerName": container.name,
        "image": container.image,
        "created": container.created,
        "started": container.started,
        "engine": {
            "name": engine.name,
            "version": engine.version,
            "rootless": engine.rootless,
            "adaptations": engine.quirks,
        },
        "remoteUser": record.user if record else "",
        "remoteWorkspaceFolder": record.workspace_folder if record else "",
        "editor": record.editor if record else labels.get("cove.ide", ""),
        "way": endpoint.way if endpoint else "",
        "substituteFor": labels.get("cove.substitute", ""),
        "changedSince": list(read_changes(labels.get("cove.config", ""))) if desk.id else [],
        "forwardPorts": dict(record.ports) if record else {},
        "ports": dict(container.ports),
    }
