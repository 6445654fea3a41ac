"""Root file systems of unusual kinds, made once from the distribution's own packages."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from testbed.image import SUITE, cache_folder, host_mirror

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.engine import Engine


class Root(NamedTuple):
    """How mmdebstrap makes a root file system."""

    name: str
    suite: str
    words: tuple[str, ...]


OLDEST = Root("bullseye", "bullseye", ("--variant=minbase",))
"""The oldest suite that the mirrors of today serve: glibc 2.31."""
MUSL = Root("musl", SUITE, ("--variant=extract", "--include=musl,busybox-static"))
"""As Alpine is made: musl and busybox, and nothing of glibc. It has no shell yet."""


def import_root(engine: Engine, root: Root) -> str:
    """Return an image of it in the engine, made if missing."""
    image = f"localhost/cove-test/{root.name}:1"
    if not engine.has_image(image):
        engine.cli("import", str(root_archive(root)), image)
    return image


def root_archive(root: Root) -> Path:
    """Return its archive, made once."""
    digest = hashlib.sha256(repr(root).encode()).hexdigest()[:12]
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"root-{root.name}-{digest}.tar"
    with (folder / "root.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            half = archive.with_suffix(".half.tar")
            words = ["mmdebstrap", *root.words, root.suite, str(half), *host_mirror()]
            done = subprocess.run(
                words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(f"{' '.join(words)}: {done.returncode}\n{done.stderr[-2000:]}")
            half.rename(archive)
    return archive
