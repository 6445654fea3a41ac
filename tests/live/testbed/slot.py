"""A place on this machine for one test session: a short folder, a number, and networks that go with it.

Several sessions may run at once; each holds a lock on its number, and cleans what a killed session left under it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOTS = 32
UMOUNT_PASSES = 3


class Slot(NamedTuple):
    """The number and the folder. The folder's path is short, since unix sockets lie in it (107 bytes at most)."""

    number: int
    folder: Path

    @property
    def networks(self) -> str:
        """The addresses this session may use; the networks below are parts of it."""
        return f"10.213.{8 * self.number}.0/21"

    @property
    def docker_bridge(self) -> str:
        return f"cvd{self.number}"

    @property
    def docker_gateway(self) -> str:
        return f"10.213.{8 * self.number}.1"

    @property
    def docker_pool(self) -> str:
        """Where docker takes the networks from that tests create."""
        return f"10.213.{8 * self.number + 4}.0/22"

    @property
    def podman_bridge(self) -> str:
        return f"cvp{self.number}"

    @property
    def podman_network(self) -> str:
        return f"10.213.{8 * self.number + 1}.0/24"

    @property
    def podman_pool(self) -> str:
        return f"10.213.{8 * self.number + 2}.0/24"


@contextlib.contextmanager
def taken_slot() -> Iterator[Slot]:
    """Hold the first free slot; its folder is new, and gone afterwards."""
    for number in range(SLOTS):
        lock = os.open(f"/tmp/cvt{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        slot = Slot(number, Path(f"/tmp/cvt{number}"))
        try:
            remove_folder(slot.folder)
            slot.folder.mkdir(mode=0o711)
            yield slot
        finally:
            remove_folder(slot.folder)
            os.close(lock)
        return
    raise RuntimeError(f"all {SLOTS} test slots (/tmp/cvt*.lock) are taken")


def remove_folder(folder: Path) -> None:
    """Remove a folder an engine lived in: first what is mounted below it, and nothing if a mount stays."""
    for _ in range(UMOUNT_PASSES):
        for mount in reversed(mounts_below(folder)):
            subprocess.run(["umount", mount], check=False, capture_output=True)
    if left := mounts_below(folder):
        raise RuntimeError(f"still mounted, so {folder} is left alone: {' '.join(left)}")
    shutil.rmtree(folder, ignore_errors=True)


def mounts_below(folder: Path) -> list[str]:
    """Return the mount points in a folder, in mounting order."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [path for line in lines if (path := line.split()[1]).startswith(f"{folder}/")]
