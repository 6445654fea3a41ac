"""cove killed at any moment: the next `up` works, nothing is stray, and the person's files and desk are as they were."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from testbed.workspace import fetch

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove, Home
    from testbed.engine import Engine

DOCKERFILE = "FROM debian:bookworm-slim\nARG ROUND=0\nRUN sleep 0.5; echo {round} > /opt/round\n"
CONFIGURATION = {
    "build": {"dockerfile": "Dockerfile"},
    "postCreateCommand": "sleep 0.3; echo created > /opt/created",
}
SEED = 20
"""The moments are random, and the same in each run."""


class Faults:
    """A workspace that works, and what must be true of it after each fault."""

    def __init__(self, cove: Cove, home: Home, engine: Engine, folder: Path) -> None:
        self.cove = cove
        self.home = home
        self.engine = engine
        self.folder = folder
        self.env = {"TMPDIR": str(folder.parent / "tmp")}
        (folder.parent / "tmp").mkdir()
        folder.mkdir()
        (folder / ".devcontainer.json").write_text(json.dumps(CONFIGURATION))
        (folder / "notes.txt").write_text("mine\n")
        self.write(0)

    def write(self, number: int) -> None:
        """Change the Dockerfile, so that there is something to build."""
        (self.folder / "Dockerfile").write_text(DOCKERFILE.format(round=number))

    def up(self, *words: str) -> dict[str, Any]:
        """Bring it up; it must work."""
        opened: dict[str, Any] = (
            self.cove("up", str(self.folder), "--json", *words, env=self.env).check().json
        )
        return opened

    def killed_up(self, after: float, *words: str) -> None:
        """Start `cove up` and kill it after so many seconds."""
        call = self.cove.start("up", str(self.folder), "--json", *words, env=self.env)
        time.sleep(after)
        os.kill(call.pid, signal.SIGKILL)
        call.communicate()

    def containers(self) -> list[str]:
        """Return the ids of the workspace's containers."""
        label = f"label=devcontainer.local_folder={self.folder}"
        return self.engine.cli("ps", "-aq", "--no-trunc", "--filter", label).stdout.split()

    def check(self, opened: dict[str, Any]) -> None:
        """Assert that the workspace works and that nothing else is left."""
        assert fetch(opened["url"])[0] == 200
        done = self.cove("exec", "digits", "--", "cat", "/opt/created", "notes.txt").check()
        assert done.stdout == "created\nmine\n"
        assert self.containers() == [opened["containerId"]]
        state = self.home.folder / "h" / "state"
        assert not list(state.glob("*/unfinished"))
        assert not list(state.glob("**/.*"))
        assert not list((self.folder.parent / "tmp").glob("cove-*"))
        assert sorted(path.name for path in self.folder.iterdir()) == [
            ".devcontainer.json",
            "Dockerfile",
            "notes.txt",
        ]


@pytest.fixture
def faults(cove: Cove, cove_home: Home, engine: Engine, base_image: str, tmp_path: Path) -> Faults:
    return Faults(cove, cove_home, engine, tmp_path / "digits")


def kill_at_random_moments(faults: Faults, times: int) -> None:
    """Kill a first `up` and a rebuild in turn, each at a moment of its own."""
    chance = random.Random(SEED)  # noqa: S311 - no secret
    began = time.monotonic()
    good = faults.up()
    lasts = time.monotonic() - began
    for number in range(1, times + 1):
        if number % 2:
            faults.write(number)
            faults.killed_up(chance.uniform(0, lasts), "--rebuild")
            assert good["containerId"] in faults.containers() or len(faults.containers()) == 1
        else:
            faults.cove("rm", "digits").check()
            faults.killed_up(chance.uniform(0, lasts))
        good = faults.up()
        faults.check(good)


@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_killed_at_ten_moments(faults: Faults) -> None:
    kill_at_random_moments(faults, 10)


@pytest.mark.parametrize(
    ("engine", "times"),
    [
        pytest.param("docker", 100, marks=pytest.mark.full("faults")),
        pytest.param("podman", 50, marks=pytest.mark.full("faults-podman")),
    ],
    indirect=["engine"],
    scope="session",
)
def test_killed_at_many_moments(faults: Faults, times: int) -> None:
    kill_at_random_moments(faults, times)
