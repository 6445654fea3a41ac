from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.engines.base import EngineInfo
from cove.engines.cli import CliEngine
from cove.engines.dialect import DOCKER, PODMAN
from cove.host.machine import Directories, Machine, Owner
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine of its own below the test's folder, with an empty PATH."""
    base = str(tmp_path)
    (tmp_path / "bin").mkdir()
    return Machine(
        system="Linux",
        arch="amd64",
        owner=Owner(1000, 1000),
        is_root=False,
        home=f"{base}/home",
        env={"PATH": f"{base}/bin"},
        directories=Directories(*(f"{base}/{name}" for name in ("config", "data", "cache", "state", "run"))),
        cwd=base,
    )


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()


@pytest.fixture
def docker(runner: FakeRunner, machine: Machine) -> CliEngine:
    info = EngineInfo("docker", "28", rootless=False, remote=False, buildkit=False)
    return CliEngine(DOCKER, info, runner, machine)


@pytest.fixture
def podman(runner: FakeRunner, machine: Machine) -> CliEngine:
    info = EngineInfo("podman", "5", rootless=True, remote=False, buildkit=False)
    return CliEngine(PODMAN._replace(global_flags=("--runtime", "runc")), info, runner, machine)
