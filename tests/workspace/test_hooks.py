"""Which lifecycle commands are due, and that they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import LifecycleError
from cove.spec.lifecycle import LifecycleStep
from cove.spec.variables import Scope
from cove.workspace.hooks import Inside, choose_hooks, run_hooks, run_on_host

if TYPE_CHECKING:
    from cove.testing import FakeEngine, FakeRunner
    from cove.workspace.progress import Step
    from cove.workspace.session import Session

COMMAND = ((LifecycleStep("", ("true",)),),)
ALL = dict.fromkeys(
    ("onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"),
    COMMAND,
)


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        ({}, list(ALL)),
        (
            dict.fromkeys(("onCreateCommand", "updateContentCommand", "postCreateCommand"), "made"),
            list(ALL)[3:],
        ),
        (
            {
                **dict.fromkeys(("onCreateCommand", "updateContentCommand", "postCreateCommand"), "made"),
                "postStartCommand": "up",
            },
            ["postAttachCommand"],
        ),
        ({"postCreateCommand": "another container"}, list(ALL)),
        ({"postStartCommand": "an earlier start"}, list(ALL)),
    ],
)
def test_due(markers: dict[str, str], expected: list[str]) -> None:
    assert choose_hooks(ALL, markers, created="made", started="up") == expected


def test_hooks_without_commands_are_not_due() -> None:
    assert (
        choose_hooks({"postCreateCommand": ((),), "onCreateCommand": ()}, {}, created="a", started="b") == []
    )


# -- running

INSIDE = Inside(
    "c1",
    "made",
    "up",
    "dev",
    "/home/it's",
    "/work",
    {"A": "1"},
    {},
    Scope({}, "/w", "/work", "id", {"P": "/bin"}),
)


def step(*argv: str, name: str = "") -> LifecycleStep:
    return LifecycleStep(name, argv)


def test_run_in_order_as_the_user_and_marked(session: Session, engine: FakeEngine) -> None:
    hooks = {
        "onCreateCommand": ((step("one", "${containerEnv:P}"),), (step("two"),)),
        "postStartCommand": ((step("three"),),),
        "postAttachCommand": ((step("four"),),),
    }
    run_hooks(session, INSIDE, list(hooks), hooks)
    own = [request for request in engine.execs if request.argv[0] != "/bin/sh"]
    assert [request.argv for request in own] == [("one", "/bin"), ("two",), ("three",), ("four",)]
    assert {(request.user, request.workdir, request.env["A"]) for request in own} == {("dev", "/work", "1")}
    marks = [request.argv[2].partition("&& ")[2] for request in engine.execs if request.argv[0] == "/bin/sh"]
    folder = """'/home/it'"'"'s/.devcontainer'"""
    assert marks == [
        f"echo made > {folder}/.onCreateCommandMarker",
        f"echo up > {folder}/.postStartCommandMarker",
    ]


def test_what_failed_is_not_marked_and_says_what_was_run(session: Session, engine: FakeEngine) -> None:
    engine.runner.answer("docker exec npm", code=4, stdout="one\ntwo\n")
    with pytest.raises(LifecycleError, match="postCreateCommand failed with exit code 4") as caught:
        run_hooks(session, INSIDE, ["postCreateCommand"], {"postCreateCommand": ((step("npm", "a b"),),)})
    assert caught.value.detail == "$ npm 'a b'\none\ntwo"
    assert len(engine.execs) == 1


def test_steps_of_one_command_all_run_and_are_told_apart(session: Session, engine: FakeEngine) -> None:
    lines: list[str] = []

    class Listener:
        def line(self, step: str, text: str) -> None:
            lines.append(text)

        def begin(self, *_: object) -> None: ...

        def end(self, step: Step, *_: object, failed: bool) -> None:
            assert failed

    session.progress.listeners.append(Listener())  # type: ignore[arg-type]  # what this test hears
    engine.runner.answer("docker exec bad", code=1, stdout="broken").answer("docker exec good", stdout="fine")
    command = (step("bad", name="a"), step("good", name="b"))
    with pytest.raises(LifecycleError, match="onCreateCommand `a` failed"):
        run_hooks(session, INSIDE, ["onCreateCommand"], {"onCreateCommand": (command,)})
    assert sorted(lines) == ["a: broken", "b: fine"]


def test_a_mark_that_cannot_be_made_is_told(session: Session, engine: FakeEngine) -> None:
    engine.runner.answer("docker exec /bin/sh", code=1, stderr="read-only file system")
    run_hooks(session, INSIDE, ["onCreateCommand"], {"onCreateCommand": ((step("one"),),)})
    assert "it will run again" in session.progress.warnings[0]


def test_on_the_host_in_the_workspaces_folder(session: Session, runner: FakeRunner) -> None:
    runner.answer("make").answer("fail", code=2, stderr="no rule")
    run_on_host(session, (), "/w")
    run_on_host(session, (step("make", "data"),), "/w")
    assert [(command.argv, command.cwd) for command in runner.commands] == [(("make", "data"), "/w")]
    with pytest.raises(LifecycleError, match="exit code 2") as caught:
        run_on_host(session, (step("fail"), step("make")), "/w")
    assert caught.value.detail == "no rule"
