"""Features packed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src" / "go"
    folder.mkdir(parents=True)
    (folder / "devcontainer-feature.json").write_text(
        '{"id": "go", "version": "1.0.0", "name": "Go"} // yes\n'
    )
    (folder / "install.sh").write_text("#!/bin/sh\n")
    return tmp_path / "src"


@pytest.mark.parametrize("target", ["src", "src/go"])
def test_a_collection_and_a_single_one(
    source: Path, target: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(source.parent)
    assert main(["devcontainer", "features", "package", target]) == 0
    output = source.parent / "output"
    assert {path.name for path in output.iterdir()} == {
        "devcontainer-collection.json",
        "devcontainer-feature-go.tgz",
    }
    told = json.loads((output / "devcontainer-collection.json").read_text())
    assert [feature["id"] for feature in told["features"]] == ["go"]
    assert capsys.readouterr().out == ""


def test_an_output_that_is_there(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "o"
    output.mkdir()
    (output / "old").touch()
    words = ["devcontainer", "features", "package", str(source), "-o", str(output)]
    assert main(words) == 1
    assert "already exists" in capsys.readouterr().err
    assert main([*words, "-f"]) == 0
    assert not (output / "old").exists()
    assert main(["devcontainer", "features", "package", str(source), "-f", "-o", str(tmp_path)]) == 1
    assert "would remove what is to be packed" in capsys.readouterr().err
    assert source.exists()
