"""A command in a running workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError, NotFound
from cove.workspace.exec import ExecOptions, need_running, plan_exec, settle_code
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


def test_the_record_says_all_and_the_engine_is_asked_nothing(
    session: Session, engine: FakeEngine, there: ContainerInfo
) -> None:
    engine.there.clear()
    options = ExecOptions(env={"A": "1"}, tty=True)
    command = plan_exec(session, "digits", ("python", "-V"), options)
    assert command.argv == ("docker", "exec", there.id, "python", "-V")
    assert engine.runner.commands == []
    (asked,) = engine.execs
    assert (asked.user, asked.workdir) == ("dev", "/workspaces/digits")
    assert asked.env == {"EDITOR": "vi", "A": "1"}
    assert (asked.interactive, asked.tty, asked.detach) == (True, True, False)


def test_no_command_is_a_login_shell(session: Session, engine: FakeEngine, there: ContainerInfo) -> None:
    assert plan_exec(session, "digits", (), ExecOptions()).argv[-2:] == ("/bin/bash", "-l")


def test_another_user_has_another_environment(
    session: Session, engine: FakeEngine, there: ContainerInfo
) -> None:
    plan_exec(session, "digits", ("id",), ExecOptions(user="root", workdir="/", env={"A": "1"}))
    (asked,) = engine.execs
    assert (asked.user, asked.workdir, asked.env) == ("root", "/", {"A": "1"})


def test_without_a_record_the_container_says_it(
    session: Session, engine: FakeEngine, labels: dict[str, str]
) -> None:
    made = engine.add_container(labels={**labels, "devcontainer.metadata": '{"remoteUser": "ada"}'})
    assert plan_exec(session, "digits", (), ExecOptions()).argv == (
        "docker",
        "exec",
        made.id,
        "/bin/bash",
        "-l",
    )
    probe, asked = engine.execs
    assert (probe.user, asked.user, asked.workdir, asked.env) == ("ada", "ada", "/home/dev", {"EDITOR": "vi"})


def test_an_unknown_one(session: Session) -> None:
    with pytest.raises(NotFound, match="no workspace `digits`"):
        plan_exec(session, "digits", ("ls",), ExecOptions())


@pytest.mark.parametrize("code", [0, 2, 130, 137])
def test_the_commands_own_codes_ask_the_engine_nothing(
    session: Session, engine: FakeEngine, code: int
) -> None:
    assert settle_code(session, "digits", ("ls",), code) == code


@pytest.mark.parametrize(
    ("code", "there_is_such_a_program", "expected"),
    [(1, True, 1), (125, True, 125), (126, True, 126), (126, False, 127), (127, False, 127)],
)
def test_codes_that_could_be_the_engines(
    session: Session,
    engine: FakeEngine,
    there: ContainerInfo,
    code: int,
    there_is_such_a_program: bool,
    expected: int,
) -> None:
    engine.runner.answer("docker exec /bin/sh -c cove train", code=0 if there_is_such_a_program else 127)
    assert settle_code(session, "digits", ("train", "--fast"), code) == expected


def test_a_workspace_that_does_not_run(session: Session, engine: FakeEngine, there: ContainerInfo) -> None:
    engine.stop(there.id)
    with pytest.raises(EngineError, match="the workspace digits is exited") as caught:
        settle_code(session, "digits", ("ls",), 1)
    assert caught.value.hint == f"Start it: `cove up {session.machine.cwd}/digits`."


def test_a_container_that_was_made_anew(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    need_running(session, "digits")
    write_record(session.machine, record._replace(container="gone"))
    with pytest.raises(EngineError, match="made anew meanwhile"):
        need_running(session, "digits")
