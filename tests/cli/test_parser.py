"""The command line's words."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cove import __version__
from cove.cli import COMMANDS, main
from cove.cli.parser import parse
from cove.errors import UsageError


@pytest.mark.parametrize(
    "words",
    [
        ["--yes", "--json", "--engine", "podman", "up", "examples/digits"],
        ["up", "--yes", "examples/digits", "--json", "--engine", "podman"],
        ["--engine", "podman", "up", "--json", "examples/digits", "-y"],
        ["--engine=podman", "up", "--json", "examples/digits", "-y"],
    ],
)
def test_common_options_stand_before_or_after_the_command(words: list[str]) -> None:
    args = parse(words)
    assert (args.command, args.path, args.yes, args.json, args.engine) == (
        "up",
        "examples/digits",
        True,
        True,
        "podman",
    )


@pytest.mark.parametrize(
    ("words", "own", "inner"),
    [
        (["exec", "digits", "--", "python", "-c", "--json"], ["digits"], ("python", "-c", "--json")),
        (["exec", "--", "ls", "--", "a"], [], ("ls", "--", "a")),
        (["run", "digits", "python", "train.py"], ["digits", "python", "train.py"], None),
    ],
)
def test_words_after_dashes_are_the_other_programs(
    words: list[str], own: list[str], inner: tuple[str, ...] | None
) -> None:
    args = parse(words)
    assert (args.words, args.inner) == (own, inner)


@pytest.mark.parametrize(
    "words", [["fly"], ["up", "--fly"], ["up", "a", "b"], ["--engine", "lxc", "up"], ["--eng", "up"]]
)
def test_mistakes_are_usage_errors(words: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(words)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["sotp"], "Did you mean `cove stop`?"),
        (["--engine", "podman", "upp"], "Did you mean `cove up`?"),
        (["/"], "To open that folder: `cove up /`."),
        (["xyzzy"], "`cove --help` lists the commands."),
    ],
)
def test_what_is_no_command_gets_a_hint(words: list[str], hint: str) -> None:
    with pytest.raises(UsageError, match=f"there is no command `{words[-1]}`") as caught:
        parse(words)
    assert caught.value.hint == hint


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode_gets_what_it_can_show(encoding: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "cove", "exec", "--help"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert told.stdout.startswith(b"usage: cove exec [NAME|PATH] [OPTIONS] -- COMMAND ?")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([command, "--help"])
    assert caught.value.code == 0
    assert f"cove {command}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--version"])
    assert capsys.readouterr().out == f"cove {__version__}\n"


def test_a_mistake_ends_with_2_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--fly"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "Error: unrecognized arguments: --fly\n  → Try `cove --help`.\n"


def test_a_missing_command_for_exec_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exec", "digits"]) == 2
    assert "no command given" in capsys.readouterr().err
