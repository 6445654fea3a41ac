"""The examples, each by the `verify` in its folder, which runs inside."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from testbed.command import Cove

EXAMPLES = Path(__file__).parents[2] / "examples"


def verify(cove: Cove, name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("plots", "__pycache__"))
    cove("run", str(folder), "--", "./verify", timeout=1200).check()


@pytest.mark.full("examples")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True)
@pytest.mark.parametrize("name", ["digits", "notebooks"])
def test_small(cove: Cove, base_image: str, name: str, tmp_path: Path) -> None:
    verify(cove, name, tmp_path)


@pytest.mark.full("frameworks")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("engine", "name"), [("docker", "torch"), ("podman", "tensorflow")], indirect=["engine"]
)
def test_large(cove: Cove, base_image: str, name: str, tmp_path: Path) -> None:
    """Gigabytes each: one engine for one framework."""
    verify(cove, name, tmp_path)


def test_each_example_has_its_verify() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/verify")} == {
        path.name for path in EXAMPLES.iterdir()
    }
    assert all(path.stat().st_mode & 0o111 for path in EXAMPLES.glob("*/verify"))
