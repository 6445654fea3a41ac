"""The engine killed and restarted, and full disks: the next `up` works, nothing is stray, files and desk are as they were."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
from testbed.command import Cove, Result
from testbed.docker import docker_environment, find_cli, private_docker, socket_path
from testbed.engine import Engine
from testbed.image import BASE, CHANGES, OFFICIAL_NAMES, base_archive
from testbed.slot import taken_slot
from testbed.workspace import fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testbed.command import Home
    from testbed.slot import Slot

pytestmark = pytest.mark.full("outages")

DOCKERFILE = """\
FROM debian:bookworm-slim
RUN echo {round} > /opt/round && echo in-the-build-{round} && {work}
"""
CONFIGURATION = {
    "build": {"dockerfile": "Dockerfile"},
    "postCreateCommand": "echo in-the-command; sleep 3; echo created > /opt/created",
}
GOOD = "sleep 3"
DISK_MB = 1_300
"""For an engine: room for the base image and what a build adds."""
STATE_MB = 48


class Daemon:
    """A docker daemon that may be killed, and comes again with what it had."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        env = docker_environment(slot, find_cli(buildkit=True), buildkit=True)
        self.engine = Engine("docker", "docker", {**env, "COVE_ENGINE": "docker"})
        self.running = contextlib.ExitStack()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, for the first time or again."""
        self.process = self.running.enter_context(private_docker(self.slot))

    def stop(self) -> None:
        """End it, if it has not ended."""
        self.running.close()

    def kill(self) -> None:
        """Let it die without a word, and its containerd with it."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        # Where nobody reaps orphans, a dead containerd looks alive to the next daemon, which would wait for it.
        note = self.slot.folder / "d" / "exec" / "containerd" / "containerd.pid"
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(note.read_text()), signal.SIGKILL)
        note.unlink()
        self.running.close()
        socket_path(self.slot).unlink(missing_ok=True)

    def import_base(self) -> None:
        """Give it the base image."""
        changes = [word for change in CHANGES for word in ("--change", change)]
        self.engine.cli("import", *changes, str(base_archive()), BASE)
        for name in OFFICIAL_NAMES:
            self.engine.cli("tag", BASE, name)


class Desk:
    """A workspace that works, and what must be true of it after each outage."""

    def __init__(self, cove: Cove, daemon: Daemon, folder: Path) -> None:
        self.cove = cove
        self.daemon = daemon
        self.folder = folder
        self.temporary = folder.parent / "tmp"
        self.temporary.mkdir()
        folder.mkdir()
        (folder / ".devcontainer.json").write_text(json.dumps(CONFIGURATION))
        (folder / "notes.txt").write_text("mine\n")

    def write(self, number: int, work: str = GOOD) -> None:
        """Change the Dockerfile, so that there is something to build."""
        (self.folder / "Dockerfile").write_text(DOCKERFILE.format(round=number, work=work))

    def try_up(self, *words: str) -> Result:
        """Run `up` however it ends."""
        return self.cove("up", str(self.folder), "--json", *words, env={"TMPDIR": str(self.temporary)})

    def up(self, *words: str) -> dict[str, Any]:
        """Bring it up; it must work."""
        opened: dict[str, Any] = self.try_up(*words).check().json
        return opened

    def containers(self) -> list[str]:
        label = f"label=devcontainer.local_folder={self.folder}"
        return self.daemon.engine.cli("ps", "-aq", "--no-trunc", "--filter", label).stdout.split()

    def check(self, opened: dict[str, Any], number: int) -> None:
        """Assert that this round of the workspace works, and that nothing else is left."""
        assert fetch(opened["url"])[0] == 200
        name = opened["name"]
        done = self.cove("exec", name, "--", "cat", "/opt/round", "/opt/created", "notes.txt").check()
        assert done.stdout == f"{number}\ncreated\nmine\n"
        assert self.containers() == [opened["containerId"]]
        state = self.cove.home.folder / "h" / "state"
        assert not list(state.glob("*/unfinished"))
        assert not list(state.glob("**/.*"))
        assert not list(self.temporary.glob("cove-*"))
        files = sorted(path.name for path in self.folder.iterdir())
        assert files == [".devcontainer.json", "Dockerfile", "notes.txt"]
        assert self.daemon.engine.cli("volume", "ls", "-q", "--filter", "dangling=true").stdout == ""

    def up_while(self, sign: str, act: Callable[[], None], *words: str) -> Result:
        """Start `up`, act as soon as it says `sign`, and return how it ended."""
        call = self.cove.start("up", str(self.folder), "--json", *words, env={"TMPDIR": str(self.temporary)})
        assert call.stdout is not None
        assert call.stderr is not None
        out: list[str] = []
        reading = threading.Thread(target=lambda: out.append(call.stdout.read()))  # type: ignore[union-attr]
        reading.start()
        said: list[str] = []
        for line in call.stderr:
            said.append(line)
            if sign in line:
                act()
                break
        said += call.stderr
        reading.join()
        with call:  # closes its pipes
            return Result(("cove", "up"), call.wait(timeout=120), "".join(out), "".join(said))


def need_words(failed: Result, *allowed: int) -> None:
    """Assert that a failure is told in designed words, with the way back."""
    assert failed.code in allowed, failed
    assert "Error: " in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "bug in cove" not in failed.stderr


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """A docker of the test's own, running, with the base image."""
    with taken_slot() as slot:
        daemon = Daemon(slot)
        try:
            daemon.start()
            daemon.import_base()
            yield daemon
        finally:
            daemon.stop()


@pytest.fixture
def desk(
    new_home: Callable[[], AbstractContextManager[Home]], daemon: Daemon, tmp_path: Path
) -> Iterator[Desk]:
    with new_home() as home:
        yield Desk(Cove(home, daemon.engine.env), daemon, tmp_path / "digits")


SIGNS = {"build": "in-the-build-1", "start": "starting the container", "command": "in-the-command"}
"""What `up` says when it is there."""


@pytest.mark.parametrize("moment", SIGNS)
def test_the_engine_dies_in_a_first_up(desk: Desk, moment: str) -> None:
    desk.write(1)
    failed = desk.up_while(SIGNS[moment], desk.daemon.kill)
    need_words(failed, 4, 5, 6, 9)
    away = desk.try_up()
    need_words(away, 4)
    assert "docker" in away.stderr
    assert "cannot" in away.stderr.lower() or "not running" in away.stderr, away.stderr
    desk.daemon.start()
    desk.check(desk.up(), 1)


@pytest.mark.parametrize("moment", SIGNS)
def test_the_engine_dies_in_a_rebuild(desk: Desk, moment: str) -> None:
    desk.write(0)
    good = desk.up()
    desk.write(1)
    failed = desk.up_while(SIGNS[moment], desk.daemon.kill, "--rebuild")
    need_words(failed, 4, 5, 6, 9)
    assert "--recover" in failed.stderr
    desk.daemon.start()
    assert good["containerId"] in desk.containers(), "the last good desk is there"
    again = desk.up()
    assert again["containerId"] == good["containerId"]
    desk.check(again, 0)
    desk.check(desk.up("--rebuild"), 1)


def test_the_engine_restarts_under_a_desk(desk: Desk) -> None:
    desk.write(0)
    good = desk.up()
    desk.daemon.kill()
    desk.daemon.start()
    again = desk.up()
    assert again["containerId"] == good["containerId"]
    desk.check(again, 0)


@contextlib.contextmanager
def small_disk(folder: Path, image: Path, megabytes: int) -> Iterator[None]:
    """Mount a disk of this size at a folder: a file by way of a loop device."""
    subprocess.run(["truncate", f"--size={megabytes}M", str(image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-F", str(image)], check=True)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        image.unlink()


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill the disk that a folder lies on to the last block."""
    filler = folder / "filler"
    try:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"x" * size):
                        pass
        yield
    finally:
        filler.unlink()


@pytest.fixture
def small_desk(new_home: Callable[[], AbstractContextManager[Home]], tmp_path: Path) -> Iterator[Desk]:
    """A desk whose engine lives on a small disk."""
    with taken_slot() as slot, small_disk(slot.folder / "d" / "root", tmp_path / "disk", DISK_MB):
        daemon = Daemon(slot)
        try:
            daemon.start()
            daemon.import_base()
            with new_home() as home:
                yield Desk(Cove(home, daemon.engine.env), daemon, tmp_path / "digits")
        finally:
            daemon.stop()


def test_a_build_fills_the_engines_disk(small_desk: Desk) -> None:
    desk = small_desk
    desk.write(0)
    good = desk.up()
    desk.write(1, f"head -c {2 * DISK_MB}M /dev/zero > /opt/big")
    failed = desk.try_up("--rebuild")
    need_words(failed, 5)
    assert "The disk of the engine is full" in failed.stderr
    assert "--recover" in failed.stderr
    again = desk.up()
    assert again["containerId"] == good["containerId"]
    desk.check(again, 0)
    desk.write(2)
    desk.check(desk.up("--rebuild"), 2)


def test_the_engines_disk_is_full(small_desk: Desk) -> None:
    desk = small_desk
    desk.write(0)
    good = desk.up()
    desk.write(1)
    with filled(desk.daemon.slot.folder / "d" / "root"):
        failed = desk.try_up("--rebuild")
        need_words(failed, 4, 5)
        assert "full" in failed.stderr
    again = desk.up()
    assert again["containerId"] == good["containerId"]
    desk.check(again, 0)
    desk.check(desk.up("--rebuild"), 1)


def test_coves_own_disk_is_full(desk: Desk, tmp_path: Path) -> None:
    home = desk.cove.home.folder / "h"
    with small_disk(home / "state", tmp_path / "disk", STATE_MB):
        (home / "state" / "lost+found").rmdir()
        desk.write(0)
        with filled(home / "state"):
            failed = desk.try_up()
            need_words(failed, 11)
            assert "the disk is full" in failed.stderr
        good = desk.up()
        desk.check(good, 0)
        desk.write(1)
        with filled(home / "state"):
            failed = desk.try_up("--rebuild")
            need_words(failed, 11)
            assert good["containerId"] in desk.containers(), "the last good desk is there"
        again = desk.up()
        assert again["containerId"] == good["containerId"]
        desk.check(again, 0)
        desk.check(desk.up("--rebuild"), 1)
        desk.cove("rm", good["name"], "--data").check()
