"""Which Features a configuration installs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("engine")


def write(folder: Path, features: object) -> None:
    for name in ("a", "b"):
        (folder / ".devcontainer" / name).mkdir(parents=True)
        manifest = {"id": name, "version": "1.0.0", "dependsOn": {"./b": {"x": "1"}} if name == "a" else {}}
        (folder / ".devcontainer" / name / "devcontainer-feature.json").write_text(json.dumps(manifest))
        (folder / ".devcontainer" / name / "install.sh").touch()
    (folder / ".devcontainer" / "devcontainer.json").write_text(json.dumps({"features": features}))


def test_the_chart_and_the_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {"./a": "latest"})
    assert (
        main(["devcontainer", "features", "resolve-dependencies", "--workspace-folder", str(tmp_path)]) == 0
    )
    chart, found, rest = capsys.readouterr().out.partition("\n{\n")
    assert chart.startswith("flowchart\n")
    assert chart.count(" --> ") == 1
    assert json.loads(found + rest) == {
        "installOrder": [{"id": "./b", "options": {"x": "1"}}, {"id": "./a", "options": "latest"}]
    }


def test_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {})
    words = ["devcontainer", "features", "resolve-dependencies"]
    assert main(words) == 1, "the current folder is the test's"
    said = capsys.readouterr()
    assert said.out == ""
    assert "Could not parse features object" in said.err
    (tmp_path / ".devcontainer.json").write_text("{}")
    assert main(words) == 1
    assert "Could not parse features object" in capsys.readouterr().err
