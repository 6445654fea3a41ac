"""Which program runs compose projects, and with which words."""

from __future__ import annotations

import pytest

from cove.engines.compose import ComposeProgram, find_compose, render_podman_flags
from cove.engines.dialect import DOCKER, PODMAN
from cove.errors import EngineError
from cove.testing import FakeRunner


@pytest.mark.parametrize(
    ("there", "dialect", "expected"),
    [
        (("docker compose", "docker-compose"), DOCKER, ("docker", "compose")),
        (("docker-compose",), DOCKER, ("docker-compose",)),
        (("podman-compose", "docker-compose"), PODMAN, ("podman-compose",)),
    ],
)
def test_found(there: tuple[str, ...], dialect, expected: tuple[str, ...]) -> None:
    runner = FakeRunner()
    for name in there:
        runner.answer(f"{name} version")
    assert find_compose(runner, dialect).argv == expected


@pytest.mark.parametrize(("dialect", "package"), [(DOCKER, "docker-compose"), (PODMAN, "podman-compose")])
def test_none(dialect, package: str) -> None:
    with pytest.raises(EngineError, match="there is none") as caught:
        find_compose(FakeRunner(), dialect)
    assert package in caught.value.hint


def test_this_hosts_adaptations_reach_podman() -> None:
    dialect = PODMAN._replace(
        global_flags=("--runtime", "runc"), run_flags=("--ulimit", "nofile=9:9", "--init")
    )
    assert render_podman_flags(dialect) == (
        "--podman-args=--runtime=runc",
        "--podman-run-args=--ulimit=nofile=9:9 --init",
    )
    assert render_podman_flags(PODMAN) == ()


def test_a_call() -> None:
    program = ComposeProgram(("podman-compose",), ("--podman-args=x",))
    command = program.command("nets", ("/a.yml", "/b.json"), "up", "-d", cwd="/w")
    assert command.argv == (
        "podman-compose", "-p", "nets", "-f", "/a.yml", "-f", "/b.json", "--podman-args=x", "up", "-d",
    )  # fmt: skip
    assert command.cwd == "/w"
