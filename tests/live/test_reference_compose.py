"""A service of a compose project in the stand-in: what one tool brings up, the other finds and goes on with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from testbed.reference import Reference
from testbed.workspace import write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

COMPOSE = """\
services:
  app:
    build:
      context: .
    user: dev
    environment: {FROM_COMPOSE: "yes"}
    volumes: ["..:/repo"]
    command: sleep infinity
    depends_on: [db]
  db:
    image: {base}
    command: sleep infinity
  other:
    image: {base}
    command: sleep infinity
"""
CONFIG = {
    "dockerComposeFile": ["compose.yml"],
    "service": "app",
    "runServices": ["app"],
    "workspaceFolder": "/repo",
    "containerEnv": {"C": "it's $1"},
    "remoteEnv": {"R": "${containerEnv:C}/r"},
    "features": {"./greet": {}},
    "mounts": ["type=volume,source=kept-${devcontainerId},target=/kept"],
    "postCreateCommand": "echo made >> /tmp/log",
    "postStartCommand": "echo started >> /tmp/log",
}
FEATURE = {"id": "greet", "postCreateCommand": "echo greeted >> /tmp/log", "capAdd": ["SYS_PTRACE"]}
FILES = {
    ".devcontainer/devcontainer.json": json.dumps(CONFIG),
    ".devcontainer/compose.yml": COMPOSE,
    ".devcontainer/Dockerfile": "FROM {base}\nRUN useradd -m dev && mkdir /kept && chown dev /kept\n",
    ".devcontainer/greet/devcontainer-feature.json": json.dumps(FEATURE),
    ".devcontainer/greet/install.sh": "#!/bin/sh\necho $_REMOTE_USER > /greeted\n",
}
FACTS = 'cat /tmp/log /greeted; echo "$FROM_COMPOSE $C $R"; pwd; id -un; ls -d /repo/.devcontainer; exit 7'
TOLD = "greeted\nmade\nstarted\ndev\nyes it's $1 it's $1/r\n/repo\ndev\n/repo/.devcontainer\n"


@pytest.fixture
def repository(base_image: str, tmp_path: Path) -> Path:
    return write_files(
        tmp_path / "nets", {name: text.replace("{base}", base_image) for name, text in FILES.items()}
    )


@pytest.mark.full("reference-build")
@pytest.mark.parametrize(
    ("engine", "first"),
    [("docker", "cove"), ("docker", "reference"), ("podman", "cove")],
    indirect=["engine"],
    scope="session",
)
def test_a_service(cove: Cove, engine: Engine, repository: Path, first: str) -> None:
    where = ("--workspace-folder", str(repository))
    reference = Reference(engine)

    def ours(command: str, *words: str) -> tuple[int, str]:
        done = cove("devcontainer", command, *where, "--docker-path", engine.name, *words)
        return done.code, done.stdout or done.stderr

    def theirs(command: str, *words: str) -> tuple[int, str]:
        done = reference(command, *where, *words)
        return done.returncode, done.stdout or done.stderr

    maker = ours if first == "cove" else theirs
    other = (theirs if first == "cove" else ours) if engine.name == "docker" else ours
    code, text = maker("up")
    assert code == 0, text
    made = json.loads(text)
    try:
        check(engine, made, maker, other)
    finally:
        for container in project(engine):
            engine.cli("rm", "-f", "-v", container)


def check(
    engine: Engine,
    made: dict[str, Any],
    maker: Callable[..., tuple[int, str]],
    other: Callable[..., tuple[int, str]],
) -> None:
    """Compare what the other tool says of a project that one has brought up."""
    made.pop("ociAuthDiagnostics", None)
    assert list(made) == [
        "outcome", "containerId", "composeProjectName", "remoteUser", "remoteWorkspaceFolder",
    ]  # fmt: skip
    assert list(made.values())[2:] == ["nets_devcontainer", "dev", "/repo"]
    assert len(project(engine)) == 2, "the service and what it depends on"
    assert maker("exec", "sh", "-c", FACTS) == (7, TOLD)
    assert other("exec", "sh", "-c", FACTS) == (7, TOLD)
    found = json.loads(other("up")[1])
    assert (found["containerId"], found["composeProjectName"]) == (made["containerId"], "nets_devcontainer")
    assert json.loads(other("run-user-commands")[1])["result"] == "done"
    assert maker("exec", "cat", "/tmp/log")[1] == "greeted\nmade\nstarted\n"
    for container in project(engine):
        engine.cli("stop", "-t", "0", container)
    again = json.loads(other("up")[1])
    assert again["containerId"] == made["containerId"]
    assert maker("exec", "cat", "/tmp/log")[1] == "greeted\nmade\nstarted\nstarted\n"
    merged = ("read-configuration", "--include-merged-configuration")
    one, two = (json.loads(tool(*merged)[1]) for tool in (maker, other))
    for said in (one, two):
        said.pop("ociAuthDiagnostics", None)
    assert one == two


def project(engine: Engine) -> list[str]:
    """Return the containers of the project that run."""
    label = "label=com.docker.compose.project=nets_devcontainer"
    return engine.cli("ps", "-q", "--filter", label).stdout.split()


@pytest.mark.full("reference-build")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
def test_a_project_that_compose_itself_brought_up(cove: Cove, engine: Engine, repository: Path) -> None:
    """Attached to as it is: what it was not made with, nobody can add."""
    where = ("--workspace-folder", str(repository), "--docker-path", engine.name)
    missing = cove("devcontainer", "up", *where, "--expect-existing-container").check(1).json
    assert missing["message"] == "The expected container does not exist."
    opened = cove("devcontainer", "up", *where).check().json
    again = cove("devcontainer", "up", *where, "--remove-existing-container").check().json
    assert again["containerId"] != opened["containerId"]
    assert len(project(engine)) == 2
    for container in project(engine):
        engine.cli("rm", "-f", "-v", container)
