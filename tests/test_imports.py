"""Start-up is a budget: what the quick commands import is counted here.

Times differ from machine to machine; the number of modules does not, and each costs about a quarter of a millisecond.
`tests/live/test_start.py` counts the second `up` of a real workspace.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from testbed.imports import IMPORT_TIME, heavy, parse_import_times

from cove.workspace.records import Record

if TYPE_CHECKING:
    from pathlib import Path

CONTAINER = "c0ffee" * 10 + "beef"

FAKE_DOCKER = """\
#!/bin/sh
case $1 in
  info) echo '{"ServerVersion": "28.0.0", "Architecture": "x86_64", "Name": "here", "Driver": "overlay2"}' ;;
  exec) echo done ;;
  *) printf '' ;;
esac
"""


@pytest.fixture
def world(tmp_path: Path) -> dict[str, str]:
    """An environment with one recorded workspace `digits`, and a docker that answers at once."""
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text(FAKE_DOCKER)
    docker.chmod(0o755)
    record = Record(  # noqa: S604 - its `shell` is a path
        id="0123456789ab",
        name="digits",
        folder=str(tmp_path),
        config_path="",
        engine="docker",
        container=CONTAINER,
        user="dev",
        workspace_folder="/workspaces/digits",
        env={"PATH": "/opt/venv/bin:/usr/bin"},
        shell="/bin/bash",
        image="cove/digits",
        started="2026-11-22T00:00:00Z",
    )
    state = tmp_path / "home" / "state" / record.id
    state.mkdir(parents=True)
    (state / "record.json").write_text(json.dumps(record._asdict()))
    (state / "ssh").mkdir()
    (state / "ssh" / "ready.json").write_text(json.dumps([CONTAINER, ["sshd"], ""]))
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVE_", "PYTHON", "DOCKER_"))
    }
    return {
        **clean,
        "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        "COVE_HOME": str(tmp_path / "home"),
        "COVE_RUN_DIR": str(tmp_path / "run"),
        "COVE_ENGINE": "docker",
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
    }


def imported(env: dict[str, str], *words: str) -> set[str]:
    """Return what `cove WORDS` imports beyond an empty program, once the engine is known to it."""
    run = [sys.executable, "-m", "cove", *words]
    subprocess.run(run, env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    empty = [sys.executable, "-c", "pass"]
    told = [
        subprocess.run(
            argv,
            env={**env, **IMPORT_TIME},
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        for argv in (run, empty)
    ]
    return parse_import_times(told[0].stderr) - parse_import_times(told[1].stderr)


@pytest.mark.parametrize(
    ("words", "at_most"),
    [
        (["--version"], 50),
        (["exec", "digits", "--", "true"], 90),
        (["ssh", "--stdio", "digits.cove"], 95),
        (["ls"], 100),
        (["ls", "--json"], 100),
        (["stop", "--help"], 80),
    ],
    ids=["version", "exec", "ssh", "ls", "ls-json", "help"],
)
def test_the_quick_commands_import_little(world: dict[str, str], words: list[str], at_most: int) -> None:
    modules = imported(world, *words)
    assert not heavy(modules), f"`cove {' '.join(words)}` imports {sorted(heavy(modules))}"
    assert len(modules) <= at_most, sorted(modules)


def test_only_the_chosen_command_is_imported(world: dict[str, str]) -> None:
    commands = {name for name in imported(world, "ls") if name.startswith("cove.cli.")}
    assert not commands & {"cove.cli.up", "cove.cli.exec", "cove.cli.gateway"}


def test_settings_are_parsed_only_where_there_are_some(world: dict[str, str]) -> None:
    config = f"{world['COVE_HOME']}/config"
    os.makedirs(config)
    with open(f"{config}/settings.toml", "w") as file:
        file.write('engine = "docker"\n')
    assert "tomllib" in imported(world, "ls")


def test_the_list_of_heavy_modules_catches_them() -> None:
    text = "import time:       213 |        380 |   asyncio\nimport time: self [us] | cumulative | imported package\n"
    assert heavy(parse_import_times(text)) == {"asyncio"}
