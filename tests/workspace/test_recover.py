"""What is opened when the files' own image cannot be made, or its container does not start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import BuildError, ConfigurationError, EngineError, LifecycleError, Refused
from cove.ide.profile import workspace_data
from cove.workspace.address import read_address
from cove.workspace.good import read_good
from cove.workspace.terms import UpRequest
from cove.workspace.up import up

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.session import Session
    from cove.workspace.terms import Opened

HOOK = '{"image": "debian", "remoteUser": "dev", "postCreateCommand": ["third"]}'
BROKEN = '{"image": "debian",'


@pytest.fixture
def call(session: Session, project: Callable[..., str], editor: object) -> Callable[..., Opened]:
    """Bring the workspace of this configuration up."""

    def call_it(config: str = "", *, recover: bool = False, **files: str) -> Opened:
        return up(session, UpRequest(project(config, **files), recover=recover))

    return call_it


def data_of(session: Session, folder: str) -> str:
    return workspace_data(session.machine, read_address(folder).id)


def test_a_build_that_never_worked_gives_a_minimal_image_and_its_log(
    session: Session, engine: FakeEngine, call: Callable[..., Opened]
) -> None:
    engine.add_image("debian:bookworm-slim")
    engine.failures["build"] = BuildError("step 3 failed")
    with pytest.raises(BuildError) as caught:
        call(Dockerfile="FROM debian:bookworm-slim\nRUN false\n")
    assert "cove up --recover" in caught.value.hint
    opened = call(recover=True)
    assert opened.recovered == "a minimal image, debian:bookworm-slim"
    assert opened.shows == "/var/lib/cove/build.log"
    with open(f"{data_of(session, opened.record.folder)}/build.log", encoding="utf-8") as file:
        assert "error: step 3 failed" in file.read()
    assert engine.runs[-1].labels["cove.recovery"] == "true"
    assert os.stat(f"{data_of(session, opened.record.folder)}/build.log").st_mode & 0o777 == 0o644
    assert read_good(session.machine, opened.record.id) is None

    engine.failures.clear()
    mended = call()
    assert (mended.created, mended.recovered) == (True, "")
    assert list(engine.there) == [mended.record.container]


def test_a_build_that_still_fails_leaves_the_recovery_container(
    engine: FakeEngine, call: Callable[..., Opened]
) -> None:
    engine.add_image("debian:bookworm-slim")
    engine.failures["build"] = BuildError("step 3 failed")
    opened = call(Dockerfile="FROM debian:bookworm-slim\nRUN false\n", recover=True)
    with pytest.raises(BuildError) as caught:
        call()
    assert "The container from before is still there" in caught.value.hint
    assert list(engine.there) == [opened.record.container]


@pytest.mark.parametrize("config", [HOOK, BROKEN])
def test_the_last_good_image_with_its_user_and_without_its_hooks(
    engine: FakeEngine, call: Callable[..., Opened], config: str
) -> None:
    good = call(HOOK)
    engine.remove(good.record.container)
    ran = len(engine.execs)
    opened = call(config, recover=True)
    assert opened.recovered == "the last good image"
    assert (opened.record.user, engine.runs[-1].image) == (
        "dev",
        f"localhost/cove/last-good:{opened.record.id}",
    )
    assert not any(request.argv == ("third",) for request in engine.execs[ran:])
    assert "postCreateCommand" not in engine.runs[-1].labels["devcontainer.metadata"]


def test_a_container_whose_command_failed_is_opened_without_it(
    engine: FakeEngine, call: Callable[..., Opened]
) -> None:
    engine.runner.answer("docker exec third", code=1)
    with pytest.raises(LifecycleError):
        call(HOOK)
    opened = call(recover=True)
    assert opened.recovered == "the container as it is"
    assert list(engine.there) == [opened.record.container]


def test_a_container_that_never_started_is_replaced(engine: FakeEngine, call: Callable[..., Opened]) -> None:
    engine.starts_as = "exited"
    engine.runner.answer("docker logs")
    with pytest.raises(EngineError, match="ended right after its start"):
        call(HOOK)
    engine.failures["start"] = EngineError("cannot start")
    engine.starts_as = "running"
    opened = call(recover=True)
    assert opened.recovered == "a minimal image, debian"
    assert list(engine.there) == [opened.record.container]


def test_a_container_that_worked_once_is_never_replaced_unasked(
    engine: FakeEngine, call: Callable[..., Opened]
) -> None:
    good = call(HOOK).record.container
    engine.stop(good)
    engine.failures["start"] = EngineError("cannot start")
    with pytest.raises(EngineError, match="cannot start"):
        call(recover=True)
    assert list(engine.there) == [good]


def test_without_any_image(engine: FakeEngine, call: Callable[..., Opened]) -> None:
    with pytest.raises(ConfigurationError, match="no image at hand"):
        call(Dockerfile="FROM elsewhere.example/x\n", recover=True)


def test_who_refused_is_told_no_way_back(call: Callable[..., Opened]) -> None:
    with pytest.raises(Refused) as caught:
        call('{"image": "debian", "runArgs": ["--privileged"]}')
    assert "--recover" not in caught.value.hint
