"""A repository for the stand-in, and calls of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.testing import FakeEngine


class Call(Protocol):
    """Run a command of the stand-in and return its JSON."""

    def __call__(self, *words: str, code: int = 0) -> Any: ...


CONFIG = {
    "image": "debian",
    "remoteEnv": {"R": "${containerEnv:PATH}", "F": "file"},
    "onCreateCommand": "on",
    "updateContentCommand": "update",
    "postCreateCommand": "post",
    "postAttachCommand": "attach",
}


@pytest.fixture
def repository(engine: FakeEngine, tmp_path: Path) -> str:
    """A folder with a configuration of an image that is there."""
    engine.add_image("debian")
    folder = tmp_path / "nets"
    folder.mkdir()
    (folder / ".devcontainer.json").write_text(json.dumps(CONFIG))
    return str(folder)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*words: str, code: int = 0) -> Any:
        assert main(["devcontainer", *words]) == code
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def ran(engine: FakeEngine) -> Callable[[], list[str]]:
    """Return the shell lines that were run as lifecycle commands."""

    def lines() -> list[str]:
        found = [command.argv[-1] for command in engine.runner.commands if "/bin/sh" in command.argv]
        return [line for line in found if line in {"on", "update", "post", "attach"}]

    return lines
