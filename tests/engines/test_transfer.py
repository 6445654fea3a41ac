from __future__ import annotations

import pytest

from cove.engines.base import EngineInfo
from cove.engines.cli import CliEngine
from cove.engines.dialect import DOCKER, PODMAN
from cove.engines.transfer import qualified
from cove.errors import ConfigurationError, NetworkError
from cove.testing import FakeRunner

RETRY = 'level=warning msg="Failed, retrying in 1s ... (1/3). Error: dial tcp 1.2.3.4:443: connect: connection refused"\n'


def engine(dialect, runner, machine) -> CliEngine:
    info = EngineInfo(dialect.name, "1", rootless=False, remote=False, buildkit=False)
    return CliEngine(dialect, info, runner, machine)


def test_pull_hands_on_what_is_said(machine) -> None:
    runner = FakeRunner().answer("docker pull", stdout="Pulling\nDone\n")
    lines: list[str] = []
    engine(DOCKER, runner, machine).pull("debian:12", lines.append)
    assert lines == ["Pulling", "Done"]
    assert runner.argvs == [("docker", "pull", "debian:12")]


def test_podman_is_told_the_registry(machine) -> None:
    runner = FakeRunner().answer("podman pull").answer("podman push")
    podman = engine(PODMAN, runner, machine)
    podman.pull("org/img:1", print)
    podman.push("ghcr.io/org/img:1", print)
    assert [argv[-1] for argv in runner.argvs] == ["docker.io/org/img:1", "ghcr.io/org/img:1"]


def test_podmans_long_retries_are_not_waited_for(machine) -> None:
    runner = FakeRunner().answer("podman pull", stderr=RETRY + "Error: never read\n", code=125)
    lines: list[str] = []
    with pytest.raises(NetworkError, match=r"cannot pull debian: its registry docker\.io cannot be reached"):
        engine(PODMAN, runner, machine).pull("debian", lines.append)
    assert lines == [RETRY.strip()]


def test_a_failed_push_says_push(machine) -> None:
    runner = FakeRunner().answer("docker push", stderr="Error response from daemon: manifest unknown", code=1)
    with pytest.raises(ConfigurationError, match=r"cannot push h\.io/x: h\.io has no such image"):
        engine(DOCKER, runner, machine).push("h.io/x", print)


@pytest.mark.parametrize(
    ("reference", "full"),
    [
        ("debian", "docker.io/library/debian"), ("a/b:1", "docker.io/a/b:1"), ("docker.io/a/b", "docker.io/a/b"),
        ("localhost/x", "localhost/x"), ("h:5000/x", "h:5000/x"),
    ],
)  # fmt: skip
def test_qualified(reference: str, full: str) -> None:
    assert qualified(reference) == full
