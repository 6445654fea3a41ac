"""What `cove doctor PATH` tells of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.gpu.inventory import NVIDIA, Gpu, Inventory
from cove.workspace.check_repository import look_at_repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.session import Session


def test_a_repository(
    session: Session, engine: FakeEngine, project: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.add_image("python:3.12")
    config = '{"build": {"dockerfile": "Dockerfile"}, "initializeCommand": "make", "hostRequirements": {"cpus": 1}}'
    files = {"Dockerfile": "FROM python:3.12 AS a\nFROM nvidia/cuda:12.4.1-base\nCOPY --from=a / /\n"}
    folder = project(config, **files)
    gpus = (Gpu(NVIDIA, 0, "GPU-a", "NVIDIA GeForce RTX 3090", "/dev/nvidia0", capability="8.6"),)
    monkeypatch.setattr("cove.gpu.hardware.read_inventory", lambda *_: Inventory(gpus, driver="470.256.02"))
    checks = look_at_repository(session, folder)
    assert [(check.name, check.verdict) for check in checks] == [
        ("configuration", "ok"),
        ("base image", "ok"),
        ("base image", "ok"),
        ("trust", "ok"),
        ("hostRequirements.cpus", "ok"),
        ("CUDA", "warning"),
    ]
    assert {check.evidence for check in checks[1:3]} == {
        "python:3.12 is here",
        "nvidia/cuda:12.4.1-base will be pulled",
    }
    assert "runs on this machine: make" in checks[3].evidence
    monkeypatch.setattr("cove.gpu.hardware.read_inventory", lambda *_: Inventory())
    assert "there is no GPU here" in look_at_repository(session, folder)[-1].evidence


@pytest.mark.parametrize(
    ("config", "name", "words"),
    [("{", "configuration", "d"), ('{"build": {"dockerfile": "absent"}}', "Dockerfile", "does not exist")],
)
def test_one_that_will_not_come_up(
    session: Session, project: Callable[..., str], config: str, name: str, words: str
) -> None:
    failed = [check for check in look_at_repository(session, project(config)) if check.verdict == "failed"]
    assert [(check.name, check.exit_code, words in check.evidence) for check in failed] == [(name, 3, True)]
