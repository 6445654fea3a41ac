"""A command in a throw-away container."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError, LifecycleError, Refused
from cove.workspace.exec import ExecOptions
from cove.workspace.run import run_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.session import Session

CONFIG = (
    '{"image": "debian", "appPort": 3000, "remoteEnv": {"A": "1"}, "onCreateCommand": ["prepare"],'
    ' "postAttachCommand": ["greet"]}'
)


@pytest.fixture
def run(session: Session, project: Callable[..., str]) -> Callable[..., int]:
    def run_it(config: str = CONFIG, **options: object) -> int:
        given = ExecOptions(**options)  # type: ignore[arg-type]  # as each test says
        return run_once(session, project(config), ("python", "train.py"), exec_options=given)

    return run_it


def test_the_workspaces_environment_and_the_commands_own_code(
    engine: FakeEngine, run: Callable[..., int]
) -> None:
    engine.runner.answer("docker exec python train.py", code=3)
    assert run(env={"B": "2"}) == 3
    (wish,) = engine.runs
    assert wish.remove
    assert wish.publish == ()  # the workspace's ports may be taken by itself
    assert "cove.id" not in wish.labels
    assert "cove.run" in wish.labels
    assert wish.labels["cove.runner"].startswith(
        f"{os.getpid()}:"
    )  # to be known as an orphan, should this be killed
    assert not any(mount.target in ("/run/cove", "/opt/cove/ide") for mount in wish.mounts)
    asked = engine.execs[-1]
    assert asked.argv == ("python", "train.py")
    assert (asked.user, asked.workdir) == ("dev", "/workspaces/digits")
    assert asked.env["PIP_CACHE_DIR"] == "/opt/cove/cache/pip/1000"
    assert {name: asked.env[name] for name in ("EDITOR", "A", "B")} == {"EDITOR": "vi", "A": "1", "B": "2"}
    assert engine.containers({}) == []


def test_hooks_run_but_for_attaching(engine: FakeEngine, run: Callable[..., int]) -> None:
    run()
    said = [request.argv[0] for request in engine.execs]
    assert "prepare" in said
    assert "greet" not in said


def test_removed_when_a_hook_fails(engine: FakeEngine, run: Callable[..., int]) -> None:
    engine.runner.answer("docker exec prepare", code=1)
    with pytest.raises(LifecycleError):
        run()
    assert engine.containers({}) == []


def test_removed_when_it_is_interrupted(engine: FakeEngine, run: Callable[..., int]) -> None:
    def press(_: object) -> None:
        raise KeyboardInterrupt

    engine.runner.answer("docker exec python", effect=press)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert engine.containers({}) == []


def test_a_container_that_ends_at_once_is_no_bug(engine: FakeEngine, run: Callable[..., int]) -> None:
    engine.starts_as = "exited"
    with pytest.raises(EngineError, match="ended right after its start"):
        run()


def test_a_stranger_is_asked_about(engine: FakeEngine, run: Callable[..., int]) -> None:
    engine.add_image("debian", labels={"devcontainer.metadata": '{"capAdd": ["SYS_ADMIN"]}'})
    with pytest.raises(Refused):
        run()
    with pytest.raises(Refused):
        run('{"image": "debian", "privileged": true}')
    assert engine.runs == []
