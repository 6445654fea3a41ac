"""Everything about one workspace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cove.places.base import Endpoint
from cove.places.endpoints import write_endpoint
from cove.workspace.info import read_info
from cove.workspace.inputs import read_digests

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


def test_what_the_engine_says_and_what_is_remembered(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    made_from = json.dumps({**read_digests([record.config_path]), "/gone": "0123"})
    labels = {**there.labels, "cove.config": made_from, "cove.substitute": "debian:12"}
    engine.there[there.id] = there._replace(
        labels=labels, ports={"3000/tcp": "127.0.0.1:3000"}, state="exited"
    )
    write_endpoint(session.machine, Endpoint(record.id, "socket", "docker", there.id))
    document = read_info(session, "digits")
    assert json.loads(json.dumps(document)) == {
        "name": "digits",
        "id": record.id,
        "folder": record.folder,
        "configFile": record.config_path,
        "state": "exited",
        "containerId": there.id,
        "containerName": "box1",
        "image": "debian",
        "created": "2026-01-01T00:00:01Z",
        "started": "2026-01-01T00:00:01Z",
        "engine": {"name": "docker", "version": "1.0", "rootless": False, "adaptations": []},
        "remoteUser": "dev",
        "remoteWorkspaceFolder": "/workspaces/digits",
        "editor": "",
        "way": "socket",
        "substituteFor": "debian:12",
        "changedSince": ["/gone"],
        "forwardPorts": {},
        "ports": {"3000/tcp": "127.0.0.1:3000"},
    }


def test_a_container_of_another_tool(session: Session, engine: FakeEngine) -> None:
    labels = {"devcontainer.local_folder": "/home/ada/digits", "cove.id": "../x", "cove.config": "{"}
    engine.add_container(labels=labels)
    document = read_info(session, "/home/ada/digits")
    assert (document["id"], document["way"], document["changedSince"]) == ("", "", [])
