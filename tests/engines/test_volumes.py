"""Named volumes, as docker and podman tell of them."""

from __future__ import annotations

import json

import pytest

from cove.engines.base import EngineInfo, VolumeInfo
from cove.engines.cli import CliEngine
from cove.engines.dialect import DOCKER, PODMAN
from cove.engines.volumes import parse_docker_volumes, parse_human_size, parse_podman_volumes
from cove.errors import EngineError
from cove.testing import FakeRunner

DOCKER_SAYS = json.dumps(
    [
        {"Name": "cove-cache-1000-uv", "Links": 1, "Size": "1.5GB", "Labels": None},
        {"Name": "cove-cache-1000-pip", "Links": "0", "Size": "N/A"},
        {"Name": "db", "Links": 1, "Size": "0B"},
    ]
)
PODMAN_SAYS = """\
Containers space usage:

CONTAINER ID  IMAGE         COMMAND     LOCAL VOLUMES  SIZE        CREATED     STATUS      NAMES
7df84c1fa6c6  a2de767acf1d  -c trap 'exit 0' TERM INT
"$@"
 -            7             3.051kB     31 minutes  running     jolly_pare

Local Volumes space usage:

VOLUME NAME          LINKS       SIZE
cove-cache-1000-pip  2           12.5kB
db                   0           0B
"""


def engine(name: str, runner: FakeRunner, machine) -> CliEngine:
    info = EngineInfo(name, "1", rootless=False, remote=False, buildkit=False)
    return CliEngine(DOCKER if name == "docker" else PODMAN, info, runner, machine)


def test_docker(machine) -> None:
    row = {"ID": "a" * 64, "Names": "n", "State": "exited", "Labels": "", "Chosen": {"cove.name": "net"}}
    runner = FakeRunner().answer("docker system df", stdout=DOCKER_SAYS)
    runner.answer("docker ps volume=cove-cache-1000-uv", stdout=json.dumps(row))
    assert engine("docker", runner, machine).volumes("cove-cache-") == [
        VolumeInfo("cove-cache-1000-pip", -1, ()),
        VolumeInfo("cove-cache-1000-uv", 1_500_000_000, ("net",)),
    ]
    assert parse_docker_volumes("null\n") == []


def test_podman(machine) -> None:
    row = {"Id": "a" * 64, "Names": ["box"], "State": "running", "Labels": None}
    runner = FakeRunner().answer("podman system df", stdout=PODMAN_SAYS)
    runner.answer("podman ps volume=cove-cache-1000-pip", stdout=json.dumps([row]))
    assert engine("podman", runner, machine).volumes("cove-cache-") == [
        VolumeInfo("cove-cache-1000-pip", 12_500, ("box",))
    ]
    assert [volume.name for volume in parse_podman_volumes(PODMAN_SAYS)] == ["cove-cache-1000-pip", "db"]
    assert parse_podman_volumes("") == []


@pytest.mark.parametrize(
    ("text", "size"), [("3.051kB", 3051), ("1e+03MB", 10**9), ("2.5TB", 2_500_000_000_000), ("?", -1)]
)
def test_sizes(text: str, size: int) -> None:
    assert parse_human_size(text) == size


def test_removal(machine) -> None:
    runner = FakeRunner().answer("docker volume rm", stderr="Error: No such volume: v", code=1)
    engine("docker", runner, machine).remove_volume("v")
    runner.answer("docker volume rm", stderr="Error response from daemon: volume is in use", code=1)
    with pytest.raises(EngineError, match=r"could not remove the volume v: .* in use"):
        engine("docker", runner, machine).remove_volume("v")


def test_an_engine_that_cannot_measure(machine) -> None:
    runner = FakeRunner().answer("podman system df", stderr="Error: storage is locked", code=125)
    with pytest.raises(EngineError, match="storage is locked"):
        engine("podman", runner, machine).volumes("")
