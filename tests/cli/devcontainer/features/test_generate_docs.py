"""Documentation written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_readmes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "go").mkdir()
    (tmp_path / "none").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "devcontainer-feature.json").write_text("{}")
    (tmp_path / "go" / "devcontainer-feature.json").write_text('{"id": "go"}')
    (tmp_path / "go" / "NOTES.md").write_text("my notes")
    words = ["devcontainer", "features", "generate-docs", "-p", str(tmp_path), "-n", "a/b"]
    assert main(words) == 0
    assert "my notes" in (tmp_path / "go" / "README.md").read_text()
    assert not (tmp_path / "none" / "README.md").exists()
    told = capsys.readouterr().err
    assert "Skipping" in told
    assert "does not contain an 'id'" in told
    assert main([*words[:-4], "-p", f"{tmp_path}/nowhere", "-n", "a/b"]) == 1
