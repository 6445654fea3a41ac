"""The base image of the live tests: Debian as its official slim image is made, plus a few programs; no registry."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testbed.engine import Engine

SUITE = "bookworm"
PACKAGES = ("python3", "ca-certificates", "bash", "procps", "git")
RECIPE = (
    "--variant=minbase",
    f"--include={','.join(PACKAGES)}",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)
CHANGES = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    'CMD ["bash"]',
)
"""An archive has no PATH of its own, unlike every official image."""

BASE = "localhost/cove-test/base:bookworm"
OFFICIAL_NAMES = ("debian:bookworm-slim", "docker.io/library/debian:bookworm-slim")


def cache_folder() -> Path:
    """Return where what is slow to make outlives a session."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cove-tests"


def base_archive() -> Path:
    """Return the root file system archive, made once a week or when the recipe changes (about half a minute)."""
    year, week, _ = dt.datetime.now(tz=dt.UTC).isocalendar()
    digest = hashlib.sha256("\n".join((SUITE, *RECIPE)).encode()).hexdigest()[:12]
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"base-{digest}-{year}w{week:02}.tar"
    with (folder / "base.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            make_archive(archive)
            for old in folder.glob("base-*.tar"):
                if old != archive:
                    old.unlink()
    return archive


def make_archive(archive: Path) -> None:
    """Make it with mmdebstrap; it appears under its name only when complete."""
    if shutil.which("mmdebstrap") is None:
        raise RuntimeError(
            "mmdebstrap is missing: the live tests make their base image with it (./test installs it)"
        )
    half = archive.with_suffix(".half.tar")
    done = subprocess.run(
        ["mmdebstrap", *RECIPE, SUITE, str(half), *host_mirror()],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"mmdebstrap {SUITE}: {done.returncode}\n{done.stderr[-2000:]}")
    half.rename(archive)


def host_mirror() -> list[str]:
    """Return the Debian mirror this host uses for the same suite, if it does; mmdebstrap knows the public one."""
    if shutil.which("apt-get") is None:
        return []
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [uri for codename, _, uri in (line.partition(" ") for line in lines) if codename == SUITE][:1]


def import_base(engine: Engine) -> None:
    """Give an engine the image, unless it has it."""
    if not engine.has_image(BASE):
        changes = [word for change in CHANGES for word in ("--change", change)]
        engine.cli("import", *changes, str(base_archive()), BASE)
        for name in OFFICIAL_NAMES:
            engine.cli("tag", BASE, name)
