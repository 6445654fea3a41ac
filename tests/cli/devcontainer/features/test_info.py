"""What a registry knows of a Feature."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.cli.devcontainer.features.info import render_box

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.memory_registry import MemoryRegistry

    from cove.testing import FakeEngine


@pytest.fixture
def published(
    engine: FakeEngine, tmp_path: Path, writable_registry: MemoryRegistry, capsys: pytest.CaptureFixture[str]
) -> str:
    assert engine
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "devcontainer-feature.json").write_text('{"id": "go", "version": "1.0.0", "name": "Go"}')
    (folder / "install.sh").touch()
    words = ("features", "publish", str(folder), "-r", writable_registry.address, "-n", "a/b")
    assert main(["devcontainer", *words]) == 0
    capsys.readouterr()
    return f"{writable_registry.address}/a/b/go"


def test_json(published: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["devcontainer", "features", "info", "verbose", published, "--output-format", "json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["manifest", "canonicalId", "publishedTags"]
    assert said["canonicalId"].startswith(f"{published}@sha256:")
    assert said["publishedTags"] == ["1", "1.0", "1.0.0", "latest"]


@pytest.mark.parametrize(
    ("mode", "titles"),
    [
        ("manifest", ["Manifest", "Canonical Identifier"]),
        ("tags", ["Published Tags"]),
        ("dependencies", ["Dependency Tree"]),
        ("verbose", ["Manifest", "Canonical Identifier", "Published Tags", "Dependency Tree"]),
    ],
)
def test_text(published: str, mode: str, titles: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", "features", "info", mode, published]) == 0
    said = capsys.readouterr().out
    assert said.count("┌") == len(titles)
    assert all(title in said for title in titles)
    assert ("flowchart\n" in said) is (titles[-1] == "Dependency Tree")


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (("manifest", "./x"), "Failed to parse Feature identifier './x'"),
        (("manifest", "./x", "--output-format", "json"), "{}\n"),
        (("manifest", "{registry}/a/b/none"), "No manifest found!"),
        (("tags", "{registry}/a/b/none", "--output-format=json"), "{}\n"),
        (("nonsense", "./x"), ""),
    ],
)
def test_nothing_there(
    published: str, words: tuple[str, ...], out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = published.partition("/")[0]
    filled = [word.replace("{registry}", registry) for word in words]
    assert main(["devcontainer", "features", "info", *filled]) == 1
    assert capsys.readouterr().out.startswith(out)


def test_a_box() -> None:
    assert render_box("ab") == "┌──┐\n│\033[1mab\033[22m│\n└──┘"
