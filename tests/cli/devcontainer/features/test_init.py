"""The commands of a group."""

from __future__ import annotations

import pytest

from cove.cli import main
from cove.cli.devcontainer.features import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_has_a_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", "features", command, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: cove devcontainer features {command}")
    assert "--log-level" in said


def test_all_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", "features", "--help"]) == 0
    assert "package" in capsys.readouterr().out
