"""Repositories as people have them, in the manner of repo2docker: each folder is one, with a `verify` that runs inside.

A new case is a new folder in `tests/cases/repositories`. A few run every day; all of them in the part `repositories`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from testbed.command import Cove

FOLDER = Path(__file__).parents[1] / "cases" / "repositories"
CASES = sorted(path.name for path in FOLDER.iterdir())
EVERY_DAY = ("notebook", "pyproject-package", "requirements")
LEGACY_TOO = ("requirements",)
"""What docker's legacy builder does differently: cache mounts of an inferred Dockerfile."""


def verify(cove: Cove, case: str, tmp_path: Path) -> None:
    """Run the case's `verify` in a copy of its repository."""
    folder = tmp_path / case
    shutil.copytree(FOLDER / case, folder)
    cove("run", str(folder), "--yes", "--trust", "--", "./verify", timeout=900).check()


@pytest.mark.parametrize("engine", ["podman"], indirect=True)
@pytest.mark.parametrize("case", EVERY_DAY)
def test_every_day(cove: Cove, base_image: str, case: str, tmp_path: Path) -> None:
    verify(cove, case, tmp_path)


@pytest.mark.full("repositories")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True)
@pytest.mark.parametrize("case", CASES)
def test_all(cove: Cove, base_image: str, case: str, tmp_path: Path) -> None:
    verify(cove, case, tmp_path)


@pytest.mark.full("repositories")
@pytest.mark.parametrize("engine", ["docker-legacy"], indirect=True)
@pytest.mark.parametrize("case", LEGACY_TOO)
def test_without_buildkit(cove: Cove, base_image: str, case: str, tmp_path: Path) -> None:
    verify(cove, case, tmp_path)


def test_there_are_twenty() -> None:
    assert len(CASES) >= 20
    assert all((FOLDER / case / "verify").stat().st_mode & 0o111 for case in CASES)
