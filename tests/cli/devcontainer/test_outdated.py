"""`cove devcontainer outdated`; tests/live/test_reference_upgrade.py compares with the reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    import pytest

    from .conftest import Call


def test_no_features(repository: str, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("outdated", "--workspace-folder", repository)
    assert call(*where, "--output-format", "json") == {"features": {}}
    assert main(["devcontainer", *where]) == 0
    assert capsys.readouterr().out == "Feature  Current  Wanted  Latest\n"


def test_local_ones_have_no_releases(repository: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(repository, ".devcontainer.json").write_text(json.dumps({"features": {"./a": {}, "old": {}}}))
    monkeypatch.chdir(repository)
    assert call("outdated", "--output-format", "json") == {"features": {}}


def test_it_has_no_engine(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", "outdated", "--docker-path", "docker"]) == 1
    assert capsys.readouterr().out == ""
