"""`cove doctor` on real engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove

pytestmark = pytest.mark.parametrize("engine", ["docker-legacy", "podman"], indirect=True)


def test_a_machine_that_is_ready(cove: Cove, base_image: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\n")
    before = {
        check["name"]: check for check in cove("doctor", str(tmp_path), "--json").check().json["checks"]
    }
    assert before["build"]["verdict"] == before["run"]["verdict"] == "unchecked"
    assert before["engine"]["verdict"] == before["configuration"]["verdict"] == "ok"
    assert before["gateway"]["evidence"].startswith("not running")
    cove("up", str(tmp_path)).check()
    after = {check["name"]: check for check in cove("doctor", str(tmp_path), "--json").check().json["checks"]}
    assert after["build"]["verdict"] == after["run"]["verdict"] == "ok", after
    assert after["gateway"]["evidence"].startswith("runs at http://")


def test_an_engine_that_is_away(cove: Cove, tmp_path: Path) -> None:
    away = {"COVE_ENGINE": "docker", "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    failed = cove("doctor", env=away)
    assert failed.code == 4
    assert "FAILED       engine" in failed.stdout
    assert "`cove up` will not work" in failed.stdout
