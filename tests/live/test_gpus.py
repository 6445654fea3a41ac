"""GPUs on real engines: podman with CDI, docker with `--gpus` or CDI.

The GPUs are simulated (testbed/gpus.py), or this machine's own with `./test --real-gpus`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from testbed.cards import Cards, read_cards
from testbed.command import Cove
from testbed.gpus import BINDING, occupy, simulated_gpus, write_cdi
from testbed.image import import_base
from testbed.person import give_image
from testbed.registry import free_port
from testbed.workspace import BASE, write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from testbed.cards import Card
    from testbed.command import Home, Result
    from testbed.engine import Engine
    from testbed.person import Person
    from testbed.slot import Slot

    from conftest import Engines

pytestmark = pytest.mark.parametrize(
    "engine", ["docker", "podman"], indirect=True
)  # the builder has no part in it

LOSE = "rm /dev/nvidia0; mknod /dev/nvidia0 c 195 0"
"""A device that the container's control group does not allow, as after systemd's daemon-reload."""


@pytest.fixture
def gpus(
    slot: Slot, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Cards]:
    """As many as the test's mark says; with `--real-gpus` all that there are."""
    if request.config.getoption("real_gpus"):
        yield Cards(read_cards())
    else:
        count = request.node.get_closest_marker("gpus").args[0]
        with simulated_gpus(slot, tmp_path_factory.mktemp("driver"), count) as found:
            yield found


@pytest.fixture
def cove(cove_home: Home, engine: Engine, gpus: Cards, slot: Slot) -> Cove:
    """The real command, which finds the driver, and docker's hook where the daemon found it."""
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


@pytest.mark.gpus(2)
def test_no_two_workspaces_get_the_same_gpu_unasked(
    cove: Cove, repository: Callable[..., str], gpus: Cards, engine: Engine
) -> None:
    first, second, third = repository("first"), repository("second"), repository("third", gpu="optional")
    opened = cove("up", first, "--json").check().json
    one = inside(cove, gpus, "first")
    assert opened["gpus"].startswith(f"GPU {one.number} of {len(gpus.cards)} ({one.name}), by")
    assert gpus.real or ("CDI" in opened["gpus"]) is (engine.name == "podman")
    said = (
        cove("exec", "first", "--", "sh", "-c", "echo $NVIDIA_VISIBLE_DEVICES $NVIDIA_DRIVER_CAPABILITIES")
        .check()
        .stdout
    )
    assert said == f"{'void' if 'by CDI' in opened['gpus'] else one.uuid} compute,utility\n"
    (two,) = gpus.seen(cove("run", second, "--", *gpus.look).check().stdout)
    assert two != one
    everything = str(len(gpus.cards) - 1)
    cove("up", second, "--gpus", everything).check()
    others = gpus.seen(cove("exec", "second", "--", *gpus.look).check().stdout)
    assert {one, *others} == set(gpus.cards)

    refused = cove("run", first, "--gpus", "1", "--", "true")
    assert refused.code == 125
    assert f"GPU {one.number} is held by first of" in refused.stderr
    assert f"GPU {two.number} is held by second of" in refused.stderr
    alone = cove("run", third, "--", "sh", "-c", "ls /dev | grep nvidia || true").check()
    assert (alone.stdout, "runs on the CPU" in alone.stderr) == ("", True)
    shared = cove("run", third, "--share", "--gpus", f"device={two.number}", "--", *gpus.look).check()
    assert gpus.seen(shared.stdout) == [two]
    assert f"GPU {two.number} is shared with second of" in shared.stderr

    listed = cove("gpus", "--json").check().json["gpus"]
    assert [gpu["lease"]["workspace"] for gpu in listed] == [
        "first" if card == one else "second" for card in gpus.cards
    ]


@pytest.mark.gpus(1)
def test_what_is_stopped_holds_nothing_and_gets_its_own_back_if_nobody_has_it(
    cove: Cove, repository: Callable[..., str], gpus: Cards
) -> None:
    card = gpus.cards[0]
    words = ("--gpus", card.uuid)
    first, third = repository("first"), repository("third", gpu="optional")
    cove("up", first, *words).check()
    assert inside(cove, gpus, "first") == card
    cove("stop", "first").check()
    assert gpus.seen(cove("run", third, *words, "--", *gpus.look).check().stdout) == [card]
    cove("up", first).check()
    assert inside(cove, gpus, "first") == card
    cove("stop", "first").check()
    cove("up", third, *words).check()
    taken = cove("up", first)
    assert taken.code == 7
    assert "its GPU is held by third of" in taken.stderr


@pytest.mark.gpus(1, simulated="a GPU that is taken away under a running container")
def test_a_gpu_that_is_lost_is_told_by_all_who_look_and_given_back_by_repair(
    cove: Cove, repository: Callable[..., str], gpus: Cards
) -> None:
    second = repository("second")
    cove("up", second).check()
    cove("exec", "second", "--user", "root", "--", "sh", "-c", LOSE).check()
    said = "renewed without /dev/nvidia0"
    (lost,) = [one for one in cove("ls", "--json").check().json["workspaces"] if one["loss"]]
    assert (lost["name"], said in lost["loss"]["text"]) == ("second", True), lost["loss"]
    (check,) = [one for one in cove("doctor", "--json").json["checks"] if one["name"] == "GPU of second"]
    assert (check["verdict"], said in check["evidence"]) == ("warning", True), check
    told = cove("up", second).check()
    assert "the workspace has lost its GPU" in told.stderr
    cove("up", second, "--repair").check()
    assert inside(cove, gpus, "second") == gpus.cards[0]
    assert not any(one["loss"] for one in cove("ls", "--json").check().json["workspaces"])
    last = cove("doctor", "--gpu", second, "--json").check().json["checks"][-1]
    assert (last["name"], "inside to ask" in last["evidence"]) == ("inside second", True), last


@pytest.mark.gpus(2, least=1)
def test_a_service_of_a_compose_project_holds_its_gpu_too(
    cove: Cove, repository: Callable[..., str], gpus: Cards, engine: Engine, base_image: str
) -> None:
    folder = repository("composed")
    with open(f"{folder}/docker-compose.yml", "w") as file:
        file.write(f"services:\n  app:\n    image: {base_image}\n    command: sleep infinity\n")
    config = {"dockerComposeFile": "docker-compose.yml", "service": "app", "hostRequirements": {"gpu": True}}
    with open(f"{folder}/.devcontainer.json", "w") as file:
        json.dump(config, file)
    opened = cove("up", folder, "--json").check().json
    card = inside(cove, gpus, "composed")
    assert opened["gpus"].startswith(f"GPU {card.number} of {len(gpus.cards)} ({card.name}), by")
    refused = cove("run", repository("other"), "--gpus", "all", "--", "true")
    assert f"GPU {card.number} is held by composed of" in refused.stderr
    leases = {gpu["uuid"]: gpu["lease"] for gpu in cove("gpus", "--json").check().json["gpus"]}
    assert {uuid for uuid, lease in leases.items() if lease} == {card.uuid}
    cove("rm", "composed").check()
    assert holders(engine) == []


@pytest.fixture(scope="session")
def other_engine(engine: Engine, engines: Engines) -> Engine:
    """The one that `engine` is not; of the session, since what starts within a test ends with its folders."""
    other = engines.get("podman" if engine.name == "docker" else "docker")
    import_base(other)
    return other


@pytest.mark.gpus(1)
def test_what_the_other_engine_holds_is_held(
    cove: Cove, cove_home: Home, other_engine: Engine, repository: Callable[..., str], gpus: Cards
) -> None:
    elsewhere = Cove(cove_home, {**cove.env, **other_engine.env, "PATH": cove.env["PATH"]})
    held = elsewhere.start("run", repository("theirs"), "--gpus", "all", "--", "sleep", "600")
    wait_for(lambda: set(holders(other_engine)) == {card.uuid for card in gpus.cards})
    refused = cove("run", repository("mine"), "--", "true")
    assert refused.code == 125
    assert f"GPU {gpus.cards[0].number} is held by theirs of" in refused.stderr
    held.kill()  # what it leaves is swept, on whichever engine
    cove("run", repository("again"), "--wait", "--", "true").check()
    held.communicate()


@pytest.mark.full("gpus")
@pytest.mark.gpus(2)
def test_what_another_user_holds_is_held(
    cove: Cove,
    repository: Callable[..., str],
    gpus: Cards,
    engine: Engine,
    ordinary_user: Person,
    slot: Slot,
) -> None:
    """Theirs lie in their own rootless podman, which root's does not list, or in the one docker."""
    give_image(ordinary_user, engine)
    folder = ordinary_user.home / f"{engine.name}-theirs"
    write_files(folder, {".devcontainer.json": {"image": BASE, "hostRequirements": {"gpu": True}}})
    for path in (folder, *folder.iterdir()):
        os.chown(path, ordinary_user.uid, ordinary_user.gid)
    driver = ordinary_user.folder / f"driver-{engine.name}"
    lead = {
        "PATH": f"{cove.env['PATH']}:/usr/local/sbin:/usr/sbin:/sbin",
        "COVE_GATEWAY_PORT": str(free_port()),
    }
    if gpus.folder:
        shutil.copytree(gpus.folder, driver)
        driver.chmod(0o755)
        (driver / "pynvml.py").write_text(f"STATE = {str(driver / 'state.json')!r}\n{BINDING}")
        lead["PYTHONPATH"] = f"{driver}:{ordinary_user.env['PYTHONPATH']}"
        write_cdi(slot, gpus.cards, rootless=engine.name == "podman")

    def theirs(*words: str) -> Result:
        return ordinary_user.cove(engine, *words, env=lead)

    theirs("up", str(folder), "--trust").check()
    (one,) = gpus.seen(theirs("exec", folder.name, "--", *gpus.look).check().stdout)
    (two,) = gpus.seen(cove("run", repository("mine"), "--", *gpus.look).check().stdout)
    assert one != two
    refused = cove("run", repository("all"), "--gpus", "all", "--", "true")
    assert refused.code == 125
    assert f"GPU {one.number} is held by {folder.name} of {ordinary_user.name}" in refused.stderr
    leases = [gpu["lease"] for gpu in cove("gpus", "--json").check().json["gpus"]]
    assert [bool(lease) for lease in leases] == [card == one for card in gpus.cards]
    cove("up", repository("desk")).check()
    refused = theirs("run", str(folder), "--gpus", "all", "--", "true")
    assert f"GPU {two.number} is held by desk of root" in refused.stderr
    theirs("rm", folder.name).check()
    assert gpus.seen(cove("run", repository("last"), "--", *gpus.look).check().stdout) == [one]


@pytest.mark.gpus(2, simulated="what a program outside of cove computes")
def test_what_others_compute_on_is_avoided_or_named(
    cove: Cove, repository: Callable[..., str], gpus: Cards
) -> None:
    with subprocess.Popen(["sleep", "60"]) as foreign:
        occupy(gpus, 0, used=9 << 30, pids=(foreign.pid,))
        folder = repository("digits")
        assert gpus.seen(cove("run", folder, "--", *gpus.look).check().stdout) == [gpus.cards[1]]
        both = cove("run", folder, "--gpus", "all", "--", *gpus.look).check()
        assert gpus.seen(both.stdout) == list(gpus.cards)
        assert "GPU 0 is in use by sleep 60 outside of cove: 9.0 of 40.0 GiB" in both.stderr
        (busy, _) = cove("gpus", "--json").check().json["gpus"]
        assert busy["processes"][0]["pid"] == foreign.pid
        foreign.kill()


@pytest.mark.gpus(1)
def test_who_waits_comes_in_order_and_the_killed_hold_nothing(
    cove: Cove, repository: Callable[..., str], gpus: Cards, engine: Engine
) -> None:
    """One GPU, held by a run that is killed; behind it one that is killed too, and two that get it in their order."""
    card = gpus.cards[0]
    wish = ("--gpus", card.uuid)
    folder = repository("digits")
    holder = cove.start("run", folder, *wish, "--", "sleep", "600")
    wait_for(lambda: holders(engine) == [card.uuid])
    doomed = cove.start("run", folder, *wish, "--wait", "--", "true")
    wait_for(lambda: queue(cove) == ["digits"])
    order = repository("order")
    words = (*wish, "--wait", "--", "sh", "-c")
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
    assert f"place 2 in the queue: GPU {card.number} is held by digits of" in said[0]
    assert "place 3 in the queue" in said[1]
    assert holders(engine) == []
    holder.communicate()
    doomed.communicate()


@pytest.mark.gpus(4, least=1)
def test_twenty_at_once_on_four_gpus(
    cove: Cove, repository: Callable[..., str], gpus: Cards, engine: Engine
) -> None:
    race(cove, repository("digits"), gpus, engine, seconds=30 if engine.name == "docker" else 15)


@pytest.mark.full("gpus")
@pytest.mark.gpus(4, least=1)
def test_twenty_at_once_on_four_gpus_for_long(
    cove: Cove, repository: Callable[..., str], gpus: Cards, engine: Engine
) -> None:
    race(cove, repository("digits"), gpus, engine, seconds=300)


def race(cove: Cove, folder: str, gpus: Cards, engine: Engine, *, seconds: float) -> None:
    """Let twenty jobs at a time wait for GPUs while some are killed; the engine is asked all the while who holds what."""
    cove("run", folder, "--gpus", "none", "--", "true").check()
    jobs: list[subprocess.Popen[str]] = []
    try:
        run_and_kill(cove, folder, engine, jobs, seconds)
    finally:
        for job in jobs:
            job.kill()
    # None is lost: what the killed left is swept, and all of them can be had at once.
    together = cove("run", folder, "--gpus", str(len(gpus.cards)), "--wait", "--", *gpus.look).check()
    assert gpus.seen(together.stdout) == list(gpus.cards)
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


def inside(cove: Cove, gpus: Cards, workspace: str) -> Card:
    """Return the one GPU that a workspace sees."""
    (card,) = gpus.seen(cove("exec", workspace, "--", *gpus.look).check().stdout)
    return card


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
