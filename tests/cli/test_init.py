"""Each known end of a command is an exit code, and a word to the person."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import pytest

from cove.cli import COMMANDS, main
from cove.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.host.machine import Machine


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the command's function do this instead."""

    def let(command: str, what: Callable[[argparse.Namespace], int]) -> None:
        namespace = argparse.Namespace(command=command, run=what)
        monkeypatch.setattr("cove.cli.parser.parse", lambda _: namespace)

    return let


def fail_with(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def run(_: argparse.Namespace) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("command", "what", "code", "said"),
    [
        ("ls", lambda _: 0, 0, ""),
        ("exec", lambda _: 42, 42, ""),
        ("ls", fail_with(EngineError("away", hint="start it")), 4, "Error: away\n  → start it\n"),
        ("exec", fail_with(EngineError("away")), 125, "Error: away\n"),
        ("up", fail_with(KeyboardInterrupt()), 130, "\nInterrupted.\n"),
    ],
)
def test_ends(
    ends: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    command: str,
    what: Callable[[argparse.Namespace], int],
    code: int,
    said: str,
) -> None:
    ends(command, what)
    assert main([command]) == code
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(("command", "code"), [("up", 70), ("exec", 125)])
def test_a_bug_keeps_its_traceback(
    ends: Callable[..., None], capsys: pytest.CaptureFixture[str], command: str, code: int
) -> None:
    ends(command, fail_with(ZeroDivisionError("oops")))
    assert main([command]) == code
    assert "ZeroDivisionError: oops" in capsys.readouterr().err


def test_a_reader_who_went_away_is_no_failure(
    ends: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    ends("ls", fail_with(BrokenPipeError()))
    monkeypatch.setattr(sys.stderr, "close", lambda: closed.append(True))
    assert main(["ls"]) == 0
    assert closed


def test_the_words_of_this_process_are_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cove", "fly"])
    assert main() == 2
    assert "fly" in capsys.readouterr().err


def test_every_command_has_its_module() -> None:
    from importlib import import_module

    for name in COMMANDS:
        module = import_module(f"cove.cli.{name.replace('-', '_')}")
        assert callable(module.run), name
        assert callable(module.add_arguments), name


def test_init_shows_writes_and_is_content(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`cove init`, whose module has the name of this package's own file."""
    (tmp_path / "requirements.txt").write_text("six\n")
    assert main(["init", "--dry-run"]) == 0
    assert "FROM debian:bookworm-slim" in capsys.readouterr().out
    assert not (tmp_path / ".devcontainer").exists()
    assert main(["init", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["written"] == [".devcontainer/devcontainer.json", ".devcontainer/Dockerfile"]
    assert main(["init"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    (tmp_path / ".python-version").write_text("3.12\n")
    assert main(["init", "--dry-run"]) == 0
    assert "+FROM python:3.12-slim-bookworm" in capsys.readouterr().out
    assert main(["init"]) == 10
    assert "--force" in capsys.readouterr().err
    assert main(["init", "--force"]) == 0
    assert "wrote .devcontainer/Dockerfile" in capsys.readouterr().out
