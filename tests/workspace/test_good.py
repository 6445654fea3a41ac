"""The last good image and the log of what failed, kept until they are past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import BuildError, EngineError
from cove.workspace.address import read_address
from cove.workspace.good import read_failed_log, read_good
from cove.workspace.make import make
from cove.workspace.terms import UpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.session import Session
    from cove.workspace.terms import Opened

CONFIG = '{"image": "debian", "remoteUser": "dev"}'


@pytest.fixture
def run(session: Session, project: Callable[..., str], editor: object) -> Callable[[], Opened]:
    folder = project(CONFIG)
    return lambda: make(session, UpRequest(folder), read_address(folder), replaces=None)


def test_what_works_is_kept_under_a_tag_of_its_own(
    session: Session, engine: FakeEngine, run: Callable[[], Opened]
) -> None:
    opened = run()
    good = read_good(session.machine, opened.record.id)
    assert good is not None
    assert (good.image, good.engine) == (f"localhost/cove/last-good:{opened.record.id}", "docker")
    assert '"remoteUser":"dev"' in good.metadata.replace(" ", "")
    assert engine.images[good.image] == engine.images[engine.runs[-1].image]


def test_a_tag_that_cannot_be_given_stops_nothing(
    session: Session, engine: FakeEngine, run: Callable[[], Opened]
) -> None:
    engine.failures["tag"] = EngineError("no space")
    opened = run()
    assert read_good(session.machine, opened.record.id) is None
    assert session.progress.warnings == ["the image is not kept for `cove up --recover`: no space"]


def test_the_log_of_a_failure_outlives_the_next_attempt_until_one_works(
    session: Session, engine: FakeEngine, project: Callable[..., str], run: Callable[[], Opened]
) -> None:
    identity = read_address(project(CONFIG)).id
    assert read_failed_log(session.machine, identity) == "nothing was built or started yet\n"
    engine.failures["run"] = BuildError("step 3 failed")
    with pytest.raises(BuildError):
        run()
    assert "error: step 3 failed" in read_failed_log(session.machine, identity)
    engine.failures.clear()
    run()
    assert "step 3 failed" not in read_failed_log(session.machine, identity)
