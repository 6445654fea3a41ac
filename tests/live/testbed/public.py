"""The public Features, Templates and test configurations: local copies of their repositories, never this one's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from testbed.image import cache_folder

VARIABLE = "COVE_TEST_PUBLIC"
"""Names a folder with copies of the repositories of `devcontainers`: `features`, `templates`, `cli`."""


def public(name: str) -> Path:
    """Return where the repository `devcontainers/NAME` lies: the named copy, or a clone in the tests' cache."""
    if folder := os.environ.get(VARIABLE):
        return Path(folder) / name
    copy = cache_folder() / "public" / name
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        address = f"https://github.com/devcontainers/{name}"
        words = ("git", "clone", "--quiet", "--depth", "1", address, str(copy))
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            message = (
                f"{address} does not answer; {VARIABLE} can name a folder with a copy of it:\n{done.stderr}"
            )
            raise RuntimeError(message)
    return copy
