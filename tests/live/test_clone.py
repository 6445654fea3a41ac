"""A fresh clone, its first call and its second, for real: environment, package index, installation."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a clone would hold now, in a folder whose name has a space."""
    folder = tmp_path / "my clone"
    folder.mkdir()
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    return folder


def call(folder: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ./cove as a newcomer does, with nothing of this session's environment for Python."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "COVE_"))
    }
    return subprocess.run(
        ["./cove", *words],
        cwd=folder,
        env={**env, "PATH": path or env["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_fresh_clone_runs(clone: Path) -> None:
    first = call(clone, "--version")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("cove ")
    assert call(clone, "--version", path="/nonexistent").stdout == first.stdout
    (clone / "src" / "cove" / "__init__.py").write_text('"""Pulled."""\n\n__version__ = "9.9"\n')
    assert call(clone, "--version").stdout == "cove 9.9\n"
    assert call(clone, "nonsense").returncode == 2
