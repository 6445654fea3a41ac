"""`cove exec`: whose words are whose, and the command's own exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.cli.exec import parse_variables, split_command
from cove.cli.parser import parse
from cove.errors import UsageError

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digits", "--", "ls", "-l"], ("digits", ("ls", "-l"))),
        (["--", "ls"], (None, ("ls",))),
        (["digits", "ls"], ("digits", ("ls",))),
    ],
)
def test_split(words: list[str], expected: tuple[str | None, tuple[str, ...]]) -> None:
    assert split_command(parse(["exec", *words])) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no command given"),
        (["digits"], "no command given"),
        (["digits", "--"], "no command given"),
        (["digits", "more", "--", "ls"], "`digits more` is more than one workspace"),
    ],
)
def test_split_refuses(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        split_command(parse(["exec", *words]))


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "abc")
    assert parse_variables(["A=1", "B=x=y", "C=", "TOKEN"]) == {"A": "1", "B": "x=y", "C": "", "TOKEN": "abc"}
    with pytest.raises(UsageError, match="`=1` is not NAME=VALUE"):
        parse_variables(["=1"])


@pytest.mark.parametrize("code", [0, 3])
def test_the_commands_own_code(engine: FakeEngine, there: ContainerInfo, code: int) -> None:
    engine.runner.answer("docker exec python train.py", code=code)
    words = ["exec", "digits", "-w", "/data", "-e", "A=1", "-u", "root", "--", "python", "train.py", "--json"]
    assert main(words) == code
    assert [command.argv[3:] for command in engine.runner.attached] == [("python", "train.py", "--json")]
    (asked,) = engine.execs
    assert (asked.workdir, asked.env, asked.user, asked.interactive, asked.tty) == (
        "/data",
        {"A": "1"},
        "root",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("stdin", "stdout", "words", "interactive", "tty"),
    [
        (True, True, [], True, True),
        (True, False, [], True, False),
        (True, True, ["--no-stdin"], False, False),
    ],
)
def test_a_terminal_where_the_person_has_one(
    engine: FakeEngine,
    there: ContainerInfo,
    monkeypatch: pytest.MonkeyPatch,
    stdin: bool,
    stdout: bool,
    words: list[str],
    interactive: bool,
    tty: bool,
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: stdin)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: stdout)
    main(["exec", "digits", "--quiet", *words, "--", "ls"])
    assert (engine.execs[0].interactive, engine.execs[0].tty) == (interactive, tty)


def test_coves_own_failures_are_125(
    engine: FakeEngine, there: ContainerInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exec", "nothing", "--", "ls"]) == 125
    engine.stop(there.id)
    engine.runner.answer("docker exec", code=1)
    assert main(["exec", "digits", "--", "ls"]) == 125
    assert "the workspace digits is exited" in capsys.readouterr().err
