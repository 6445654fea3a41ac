"""What a killed `cove run` leaves behind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.errors import EngineError
from cove.host.alive import describe_process
from cove.workspace.orphans import RUNNER, remove_orphans, sweep

if TYPE_CHECKING:
    from cove.testing import FakeEngine
    from cove.workspace.session import Session


def test_only_what_nobody_will_remove_is_removed(session: Session, engine: FakeEngine, dead: str) -> None:
    alive = engine.add_container(labels={RUNNER: describe_process(os.getpid())})
    elsewhere = engine.add_container(labels={RUNNER: dead + "0"})
    workspace = engine.add_container(labels={"cove.id": "1"})
    engine.add_container(labels={RUNNER: dead, "cove.name": "digits"})
    sweep(session)
    assert list(engine.there.values()) == [alive, elsewhere, workspace]
    assert session.progress.notes == ["removed a container of digits that a killed `cove run` had left"]


def test_one_that_cannot_be_removed_is_told_and_still_counts(
    session: Session, engine: FakeEngine, dead: str
) -> None:
    orphan = engine.add_container(labels={RUNNER: dead, "cove.name": "digits"})
    engine.failures["remove"] = EngineError("not yours")
    assert remove_orphans(session, engine, [orphan]) == [orphan]
    assert session.progress.warnings == ["a killed `cove run` left a container of digits: not yours"]
    engine.failures["containers"] = EngineError("away")
    sweep(session)
    assert "away" in session.progress.warnings[1]
