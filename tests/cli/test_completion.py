"""`cove completion`: scripts and answers; `tests/live/test_completion.py` asks the shells themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.cli.completion import SCRIPTS, SHELLS

if TYPE_CHECKING:
    from pathlib import Path

RECORD = (
    '{"id": "%s", "name": "%s", "folder": "/home/ada/%s", "config_path": "", "engine": "docker", "container": "c",'
    ' "user": "", "workspace_folder": "", "env": {}, "shell": "", "image": "", "started": ""}'
)


@pytest.fixture(autouse=True)
def two_workspaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of `digits` and `nets`."""
    monkeypatch.setenv("COVE_HOME", str(tmp_path))
    for number, name in enumerate(("digits", "nets")):
        folder = tmp_path / "state" / str(number)
        os.makedirs(folder)
        (folder / "record.json").write_text(RECORD % (number, name, name))


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["stop", ""], "digits\t/home/ada/digits\nnets\t/home/ada/nets\n"),
        (["stop", "n"], "nets\t/home/ada/nets\n"),
        (["stop", "./"], ":folder\n"),
        (["up", "di"], ":folder\n"),
        (["exec", "digits", "--", "--py"], ":file\n"),
        (["up", "--engine", "=", "p"], "podman\t\n"),
        (["sto"], "stop\tstop a workspace\n"),
        (["config", "show", "x"], ""),
        (["devcontainer", "ex"], "exec\trun a command in a running dev container\n"),
        (["devcontainer", "fly", ""], ""),
        (["devcontainer", "up", "--workspace-folder", ""], ":folder\n"),
        (["devcontainer", "up", "--log-level", "t"], "trace\t\n"),
        (["devcontainer", "up", "--prebuild", "--config", ""], ":file\n"),
        (["devcontainer", "exec", "--container-i"], "--container-id\tthe container\n"),
        (["devcontainer", "exec", "--container-id", "c", "ls", ""], ":file\n"),
    ],
)
def test_answers(capsys: pytest.CaptureFixture[str], words: list[str], answer: str) -> None:
    assert main(["completion", "--", *words]) == 0
    assert capsys.readouterr().out == answer


def test_nothing_typed_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "--"]) == 0
    assert capsys.readouterr().out.startswith("up\tbuild, start and open a workspace\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == SCRIPTS[shell]


def test_without_a_shell_they_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion"]) == 2
    assert "bash, zsh and fish" in capsys.readouterr().err
