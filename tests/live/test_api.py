"""cove from Python, and the fixture for other repositories' tests, on each engine."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import cove as interface
from cove.errors import LifecycleError, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove


@pytest.fixture
def repository(tmp_path: Path, base_image: str) -> Path:
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\nENV MODEL=digits\n")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["cove.testing"]\n')
    (tmp_path / "test_model.py").write_text(
        "def test_its_environment(cove_container):\n"
        "    assert cove_container.exec(['printenv', 'MODEL']).stdout == 'digits\\n'\n"
    )
    return tmp_path


def test_a_workspace_from_python(cove: Cove, repository: Path) -> None:
    going = interface.bring_up(str(repository))
    steps = [event.step for event in going if event.kind == "end" and not event.failed]
    assert {"image", "start", "open"} <= set(steps)
    workspace = going.workspace
    assert workspace.created
    assert workspace.exec(["sh", "-c", "cat; echo $MODEL; pwd"], stdin="in\n").stdout == (
        f"in\ndigits\n{workspace.workspace_folder}\n"
    )
    with pytest.raises(LifecycleError, match="ended with 7"):
        workspace.exec(["sh", "-c", "exit 7"])
    assert "token=" in workspace.url
    assert not interface.up(str(repository)).created
    assert [found.container_id for found in interface.workspaces()] == [workspace.container_id]
    assert interface.find(workspace.name).state == "running"
    assert any("image from Dockerfile" in line for line in workspace.logs())
    workspace.stop()
    assert workspace.state == "exited"
    workspace.remove()
    assert workspace.state == "removed"
    with pytest.raises(NotFound):
        interface.find(workspace.name).logs()


def test_the_fixture_in_another_repository(cove: Cove, repository: Path) -> None:
    argv = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(repository))
    done = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert cove("ls", "--json").check().json["workspaces"] == []
