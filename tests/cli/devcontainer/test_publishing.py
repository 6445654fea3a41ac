"""Publishing, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.memory_registry import MemoryRegistry

    from cove.testing import FakeEngine

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def source(engine: FakeEngine, tmp_path: Path) -> str:
    assert engine
    for kind in ("feature", "template"):
        folder = tmp_path / f"{kind}s" / "go"
        folder.mkdir(parents=True)
        manifest = {"id": "go", "version": "1.2.3", "name": "Go"}
        (folder / f"devcontainer-{kind}.json").write_text(json.dumps(manifest))
        (folder / "install.sh").touch()
        (folder / ".devcontainer.json").write_text('{"image": "debian"}')
    return str(tmp_path)


@pytest.mark.parametrize("group", ["features", "templates"])
def test_published(
    source: str, writable_registry: MemoryRegistry, group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["devcontainer", group, "publish", f"{source}/{group}", "-r", writable_registry.address]
    assert main([*words, "-n", "a/b"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["go"]["publishedTags"] == ["1", "1.2", "1.2.3", "latest"]
    assert main([*words, "--namespace", "a/b"]) == 0
    assert capsys.readouterr().out == '{"go":{}}\n'
    assert main(words) == 1
    assert "Missing required argument: namespace" in capsys.readouterr().err
    writable_registry.wants = "basic"
    assert main([*words, "-n", "c/d"]) == 1
    assert "docker login" in capsys.readouterr().err
