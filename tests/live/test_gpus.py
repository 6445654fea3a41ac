"""GPUs on real engines: podman with CDI, docker with `--gpus`. The GPUs themselves are simulated (testbed/gpus.py)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from testbed.command import Cove
from testbed.gpus import simulated_gpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from testbed.command import Home
    from testbed.engine import Engine
    from testbed.gpus import SimulatedGpus
    from testbed.slot import Slot

pytestmark = pytest.mark.parametrize(
    "engine", ["docker", "podman"], indirect=True
)  # the builder has no part in it
NODES = ("sh", "-c", "ls /dev | grep nvidia[0-9] | tr '\\n' ' '")

LOSE = "rm /dev/nvidia1; mknod /dev/nvidia1 c 195 1"
"""A device that the container's control group does not allow, as after systemd's daemon-reload."""


@pytest.fixture
def gpus(
    slot: Slot, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[SimulatedGpus]:
    with simulated_gpus(slot, tmp_path_factory.mktemp("driver"), getattr(request, "param", 2)) as found:
        yield found


@pytest.fixture
def cove(cove_home: Home, engine: Engine, gpus: SimulatedGpus, slot: Slot) -> Cove:
    """The real command, which finds the simulated driver, and docker's hook where the daemon found it."""
    path = f"{slot.folder}/hooks:{engine.env.get('PATH', os.environ['PATH'])}"
    return Cove(cove_home, {**engine.env, **gpus.env, "PATH": path})


@pytest.fixture
def repository(tmp_path: Path, base_image: str) -> Callable[..., str]:
    def write(name: str, *, gpu: object = True) -> str:
        folder = tmp_path / name
        folder.mkdir()
        config = {"image": base_image, "hostRequirements": {"gpu": gpu}}
        (folder / ".devcontainer.json").write_text(json.dumps(config))
        return str(folder)

    return write


def test_no_two_workspaces_get_the_same_gpu_unasked(
    cove: Cove, repository: Callable[..., str], gpus: SimulatedGpus, engine: Engine
) -> None:
    first, second, third = repository("first"), repository("second"), repository("third", gpu="optional")
    opened = cove("up", first, "--json").check().json
    assert opened["gpus"].startswith("GPU 0 of 2 (NVIDIA A100), by")
    assert ("CDI" in opened["gpus"]) is (engine.name == "podman")
    assert cove("exec", "first", "--", *NODES).check().stdout == "nvidia0 "
    assert cove("run", second, "--", *NODES).check().stdout == "nvidia1 "
    cove("up", second).check()
    assert cove("exec", "second", "--", *NODES).check().stdout == "nvidia1 "

    refused = cove("run", first, "--gpus", "1", "--", "true")
    assert refused.code == 125
    assert "GPU 0 is held by first of" in refused.stderr
    assert "GPU 1 is held by second of" in refused.stderr
    alone = cove("run", third, "--", *NODES).check()
    assert (alone.stdout, "runs on the CPU" in alone.stderr) == ("", True)
    shared = cove("run", third, "--share", "--gpus", "device=1", "--", *NODES).check()
    assert (shared.stdout, "GPU 1 is shared with second of" in shared.stderr) == ("nvidia1 ", True)

    listed = cove("gpus", "--json").check().json["gpus"]
    assert [gpu["lease"]["workspace"] for gpu in listed] == ["first", "second"]

    # What is stopped holds nothing, by nobody's help; a restart gets it back, unless another has it by then.
    cove("stop", "first").check()
    assert cove("run", third, "--", *NODES).check().stdout == "nvidia0 "
    cove("up", first).check()
    assert cove("exec", "first", "--", *NODES).check().stdout == "nvidia0 "
    cove("stop", "first").check()
    cove("up", third).check()
    taken = cove("up", first)
    assert taken.code == 7
    assert "its GPU is held by third of" in taken.stderr

    # The GPU of a running container is taken away under it: told by all who look, and given back by --repair.
    cove("exec", "second", "--user", "root", "--", "sh", "-c", LOSE).check()
    said = "renewed without /dev/nvidia1"
    (lost,) = [one for one in cove("ls", "--json").check().json["workspaces"] if one["loss"]]
    assert (lost["name"], said in lost["loss"]["text"]) == ("second", True), lost["loss"]
    (check,) = [one for one in cove("doctor", "--json").json["checks"] if one["name"] == "GPU of second"]
    assert (check["verdict"], said in check["evidence"]) == ("warning", True), check
    told = cove("up", second).check()
    assert "the workspace has lost its GPU" in told.stderr
    cove("up", second, "--repair").check()
    assert cove("exec", "second", "--", *NODES).check().stdout == "nvidia1 "
    assert not any(one["loss"] for one in cove("ls", "--json").check().json["workspaces"])
    last = cove("doctor", "--gpu", second, "--json").check().json["checks"][-1]
    assert (last["name"], "inside to ask" in last["evidence"]) == ("inside second", True), last


def test_a_service_of_a_compose_project_holds_its_gpu_too(
    cove: Cove, repository: Callable[..., str], gpus: SimulatedGpus, engine: Engine, base_image: str
) -> None:
    folder = repository("composed")
    with open(f"{folder}/docker-compose.yml", "w") as file:
        file.write(f"services:\n  app:\n    image: {base_image}\n    command: sleep infinity\n")
    config = {"dockerComposeFile": "docker-compose.yml", "service": "app", "hostRequirements": {"gpu": True}}
    with open(f"{folder}/.devcontainer.json", "w") as file:
        json.dump(config, file)
    opened = cove("up", folder, "--json").check().json
    assert opened["gpus"].startswith("GPU 0 of 2 (NVIDIA A100), by")
    assert cove("exec", "composed", "--", *NODES).check().stdout == "nvidia0 "
    assert cove("run", repository("other"), "--", *NODES).check().stdout == "nvidia1 "
    (held, free) = cove("gpus", "--json").check().json["gpus"]
    assert (held["lease"]["workspace"], free["lease"]) == ("composed", None)
    cove("rm", "composed").check()
    assert holders(engine) == []


def test_what_others_compute_on_is_avoided_or_named(
    cove: Cove, repository: Callable[..., str], gpus: SimulatedGpus
) -> None:
    with subprocess.Popen(["sleep", "60"]) as foreign:
        gpus.set(0, used=9 << 30, pids=(foreign.pid,))
        folder = repository("digits")
        assert cove("run", folder, "--", *NODES).check().stdout == "nvidia1 "
        both = cove("run", folder, "--gpus", "all", "--", *NODES).check()
        assert both.stdout == "nvidia0 nvidia1 "
        assert "GPU 0 is in use by sleep 60 outside of cove: 9.0 of 40.0 GiB" in both.stderr
        (busy, _) = cove("gpus", "--json").check().json["gpus"]
        assert busy["processes"][0]["pid"] == foreign.pid
        foreign.kill()


@pytest.mark.parametrize("gpus", [1], indirect=True)
def test_who_waits_comes_in_order_and_the_killed_hold_nothing(
    cove: Cove, repository: Callable[..., str], gpus: SimulatedGpus, engine: Engine
) -> None:
    """One GPU, held by a run that is killed; behind it one that is killed too, and two that get it in their order."""
    folder = repository("digits")
    holder = cove.start("run", folder, "--", "sleep", "600")
    wait_for(lambda: holders(engine) == list(gpus.uuids))
    doomed = cove.start("run", folder, "--wait", "--", "true")
    wait_for(lambda: queue(cove) == ["digits"])
    order = repository("order")
    words = ("--wait", "--", "sh", "-c")
    first = cove.start("run", order, *words, "echo first >> came")
    wait_for(lambda: queue(cove) == ["digits", "order"])
    second = cove.start("run", order, *words, "echo second >> came")
    wait_for(lambda: queue(cove) == ["digits", "order", "order"])

    doomed.kill()
    wait_for(lambda: queue(cove) == ["order", "order"])
    holder.kill()
    said = [job.communicate()[1] for job in (first, second)]
    assert [job.returncode for job in (first, second)] == [0, 0], said
    with open(f"{order}/came") as file:
        assert file.read() == "first\nsecond\n"
    assert "place 2 in the queue: GPU 0 is held by digits of" in said[0]
    assert "place 3 in the queue" in said[1]
    assert holders(engine) == []
    holder.communicate()
    doomed.communicate()


@pytest.mark.parametrize("gpus", [4], indirect=True)
def test_twenty_at_once_on_four_gpus(
    cove: Cove, repository: Callable[..., str], gpus: SimulatedGpus, engine: Engine
) -> None:
    race(cove, repository("digits"), gpus, engine, seconds=15)


@pytest.mark.full("gpus")
@pytest.mark.parametrize("gpus", [4], indirect=True)
def test_twenty_at_once_on_four_gpus_for_long(
    cove: Cove, repository: Callable[..., str], gpus: SimulatedGpus, engine: Engine
) -> None:
    race(cove, repository("digits"), gpus, engine, seconds=300)


def race(cove: Cove, folder: str, gpus: SimulatedGpus, engine: Engine, *, seconds: float) -> None:
    """Let twenty jobs at a time wait for GPUs while some are killed; the engine is asked all the while who holds what."""
    cove("run", folder, "--gpus", "none", "--", "true").check()
    jobs: list[subprocess.Popen[str]] = []
    try:
        run_and_kill(cove, folder, engine, jobs, seconds)
    finally:
        for job in jobs:
            job.kill()
    # None is lost: what the killed left is swept, and all four can be had at once.
    assert cove("run", folder, "--gpus", "4", "--wait", "--", *NODES).check().stdout.split() == [
        f"nvidia{number}" for number in range(len(gpus.uuids))
    ]
    assert holders(engine) == []
    for job in jobs:
        job.communicate()


def run_and_kill(
    cove: Cove, folder: str, engine: Engine, jobs: list[subprocess.Popen[str]], seconds: float
) -> None:
    """Go on for so long, and until some have been killed and some have done their work."""
    chance = random.Random(4)  # noqa: S311 - chance, no secret
    codes: list[int] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends or codes.count(0) < 2 or codes.count(-9) < 2:
        jobs += [cove.start("run", folder, "--wait", "--", "sleep", "1") for _ in range(20 - len(jobs))]
        held = holders(engine)
        assert len(held) == len(set(held)), held
        if chance.random() < 0.1:
            chance.choice(jobs).kill()
        for job in [job for job in jobs if job.poll() is not None]:
            jobs.remove(job)
            _, said = job.communicate()
            codes.append(job.returncode)
            assert job.returncode in {0, -9}, said


def queue(cove: Cove) -> list[str]:
    """Return who waits, first come first."""
    return [ticket["workspace"] for ticket in cove("gpus", "--json").check().json["waiting"]]


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds, and fail when that takes long."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def holders(engine: Engine) -> list[str]:
    """Return the leased UUIDs of all running containers, as the engine tells them."""
    ids = engine.cli("ps", "--quiet", "--no-trunc", "--filter", "label=cove.gpus").stdout.split()
    found = []
    for container in ids:
        label = engine.cli(
            "inspect", "--format", '{{index .Config.Labels "cove.gpus"}}', container, check=False
        )
        found += label.stdout.strip().split(",") if label.returncode == 0 else []
    return found
