"""A service of a compose project: built with a Feature's layer, opened, stopped with its project, gone with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from testbed.workspace import fetch, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

COMPOSE = """\
services:
  app:
    extends: {file: base.yml, service: built}
    environment: {FROM_COMPOSE: "yes"}
    depends_on: [db]
  db:
    image: debian:bookworm-slim
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep infinity & wait"]
    volumes: ["kept:/kept"]
volumes:
  kept: {}
"""
BASE = """\
services:
  built:
    build:
      context: ..
      args: {WHO: "${WHO:-nobody}"}
    volumes: ["..:/repo"]
"""
CONFIG = {
    "dockerComposeFile": "docker-compose.yml",
    "service": "app",
    "workspaceFolder": "/repo",
    "overrideCommand": True,
    "remoteUser": "dev",
    "remoteEnv": {"SEEN": "${containerEnv:FROM_COMPOSE}"},
    "postCreateCommand": "id -un > /tmp/made-by",
}
FILES = {
    ".devcontainer/docker-compose.yml": COMPOSE,
    ".devcontainer/base.yml": BASE,
    ".devcontainer/devcontainer.json": json.dumps(CONFIG),
    ".devcontainer/.env": "WHO=ada\n",
    "Dockerfile": "FROM debian:bookworm-slim\nARG WHO\nRUN useradd -m dev && echo $WHO > /who\n",
}


@pytest.mark.parametrize(
    "engine",
    [pytest.param("docker", marks=pytest.mark.full("definitions")), "podman"],
    indirect=True,
    scope="session",
)
def test_a_service(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "nets", FILES)
    refused = cove("up", str(folder)).check(10)
    assert "reads environment variables of this machine" in refused.stderr
    opened = cove("up", str(folder), "--trust", "--json").check().json
    assert (opened["remoteUser"], opened["remoteWorkspaceFolder"]) == ("dev", "/repo")
    assert fetch(opened["url"])[0] == 200
    told = cove(
        "exec", "nets", "--", "sh", "-c", "cat /who /tmp/made-by; echo $SEEN; ls; getent hosts db"
    ).check()
    assert told.stdout.split()[:4] == ["ada", "dev", "yes", "Dockerfile"]
    assert told.stdout.rstrip().splitlines()[-1].split()[1].startswith("db")
    again = cove("up", str(folder), "--json").check().json
    assert (again["containerId"], again["created"]) == (opened["containerId"], False)

    project = ("--filter", "label=com.docker.compose.project=nets_devcontainer")
    cove("stop", "nets").check()
    assert engine.cli("ps", "-q", *project).stdout == ""
    cove("up", str(folder)).check()
    assert len(engine.cli("ps", "-q", *project).stdout.split()) == 2
    (folder / ".devcontainer" / "docker-compose.yml").write_text(COMPOSE.replace('"yes"', '"no"'))
    (folder / ".devcontainer" / "base.yml").write_text(f"{BASE}# changed\n")
    changed = cove("ls").check().stdout
    assert "docker-compose.yml" in changed
    assert "base.yml" in changed
    cove("up", str(folder), "--rebuild").check()
    assert cove("exec", "nets", "--", "sh", "-c", "echo $SEEN").check().stdout == "no\n"
    cove("rm", "nets").check()
    assert engine.cli("ps", "-aq", *project).stdout == ""
    assert "nets_devcontainer_kept" in engine.cli("volume", "ls", "--format", "{{.Name}}").stdout, (
        "their data stays"
    )
    engine.cli("volume", "rm", "nets_devcontainer_kept")


@pytest.mark.full("reference-build")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
def test_a_command_with_a_project_of_its_own(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path
) -> None:
    compose = COMPOSE.replace("image: debian:bookworm-slim", "build: {context: .., dockerfile: Other}")
    config = json.dumps({**CONFIG, "mounts": ["type=volume,source=run-of-cove,target=/mine"]})
    folder = write_files(
        tmp_path / "nets",
        {
            **FILES,
            ".devcontainer/docker-compose.yml": compose,
            ".devcontainer/devcontainer.json": config,
            "Other": "FROM debian:bookworm-slim\n",
        },
    )
    script = "cat /tmp/made-by; id -un; pwd; echo $SEEN; getent hosts db >&2; exit 7"
    done = cove("run", "--trust", str(folder), "--", "sh", "-c", script).check(7)
    assert done.stdout == "dev\ndev\n/repo\nyes\n"
    assert " db" in done.stderr
    for what in (("ps", "-a"), ("volume", "ls"), ("network", "ls"), ("images",)):
        assert "nets_devcontainer-run-" not in engine.cli(*what).stdout
    assert "run-of-cove" in engine.cli("volume", "ls", "-q").stdout, "what has a name of its own stays"
    engine.cli("volume", "rm", "run-of-cove")
