"""A compose project for the length of a command."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.engines.base import VolumeInfo
from cove.errors import EngineError
from cove.spec.compose import PROJECT_LABEL, SERVICE_LABEL
from cove.workspace.consent import Consent
from cove.workspace.exec import ExecOptions
from cove.workspace.orphans import RUNNER, remove_orphans
from cove.workspace.run import run_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.proc import Command
    from cove.testing import FakeEngine
    from cove.workspace.session import Session

CONFIG = '{"dockerComposeFile": "c.yml", "service": "app", "workspaceFolder": "/work", "appPort": 3000}'
FILE = "services: {app: {image: debian}, db: {image: db, volumes: ['data:/d']}}\nvolumes: {data: {}}\n"


@pytest.fixture
def calls(session: Session, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What compose was told; it brings up both services and a volume."""
    engine.add_image("debian")
    session.consent = Consent(trust=True)
    told: list[tuple[str, ...]] = []

    def act(command: Command) -> None:
        told.append(command.argv)
        name = command.argv[2] if "-p" in command.argv else ""
        if "up" in command.argv:
            override = Path(command.argv[command.argv.index("up") - 1])
            service = json.loads(override.read_text())["services"]["app"]
            assert "ports" not in service
            for one, labels in (("db", {}), ("app", service["labels"])):
                engine.add_container(labels={PROJECT_LABEL: name, SERVICE_LABEL: one, **labels})
            engine.add_image(f"{name}_db")
            volumes = [VolumeInfo(f"{name}_data", 1, ()), VolumeInfo("data", 1, ())]
            monkeypatch.setattr(
                engine, "volumes", lambda prefix: [one for one in volumes if one.name.startswith(prefix)]
            )

    engine.runner.answer("docker-compose", effect=act)
    return told


def test_it_is_gone_afterwards(
    session: Session, engine: FakeEngine, project: Callable[..., str], calls: list[tuple[str, ...]]
) -> None:
    folder = project(CONFIG, **{"c.yml": FILE})
    engine.runner.answer("docker exec make", code=3)
    assert run_once(session, folder, ("make",), exec_options=ExecOptions()) == 3
    up, down = (argv for argv in calls if {"up", "down"} & set(argv))
    assert up[2] == down[2]
    assert up[2].startswith("digits-run-")
    assert engine.there == {}
    assert [call for call in engine.calls if call.startswith("remove-volume")] == [
        f"remove-volume {up[2]}_data"
    ]
    assert f"remove-networks {up[2]}_" in engine.calls
    assert f"{up[2]}_db" not in engine.images
    assert not os.path.exists(up[up.index("up") - 1])


def test_one_that_does_not_start_is_taken_away_too(
    session: Session, engine: FakeEngine, project: Callable[..., str], calls: list[tuple[str, ...]]
) -> None:
    engine.runner.answer("docker-compose up", code=1, stdout="port is already allocated")
    folder = project(CONFIG, **{"c.yml": FILE})
    with pytest.raises(EngineError, match="could not start the service app") as caught:
        run_once(session, folder, ("make",), exec_options=ExecOptions())
    assert "cove stop" in caught.value.hint
    assert any("down" in argv for argv in calls)


def test_what_a_killed_run_left_goes_whole(session: Session, engine: FakeEngine, dead: str) -> None:
    labels = {PROJECT_LABEL: "p-run-1"}
    app = engine.add_container(labels={**labels, RUNNER: dead})
    engine.add_container(labels=labels)
    kept = engine.add_container(labels={PROJECT_LABEL: "p"})
    assert remove_orphans(session, engine, [app]) == []
    assert list(engine.there) == [kept.id]
