"""The stand-in's front door."""

from __future__ import annotations

import pytest

from cove.cli import main
from cove.cli.devcontainer import COMMANDS


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 1, "A command is needed."),
        (("nonsense",), 1, "Unknown argument: nonsense"),
        (("--help",), 0, "read-configuration"),
        (("--version",), 0, "."),
    ],
)
def test_words(words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", *words]) == code
    assert said in "".join(capsys.readouterr())


@pytest.mark.parametrize("command", COMMANDS)
def test_each_has_a_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["devcontainer", command, "--help"])
    assert ended.value.code == 0
    assert "--config" in capsys.readouterr().out


def test_it_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "devcontainer", "up"]) == 2
    assert "comes first" in capsys.readouterr().err
