"""Command lines as yargs reads them."""

from __future__ import annotations

import pytest

from cove.cli import main
from cove.cli.devcontainer.group import parse_mixed
from cove.cli.devcontainer.options import FLAG, Option
from cove.errors import UsageError

OPTIONS = {
    "output-folder": Option(alias="o", default="./output"),
    "force": FLAG._replace(alias="f"),
    "features": Option(many=True),
    "format": Option(choices=("text", "json"), default="text"),
}
WORDS = ("<target>", "[more]")


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("t", "target", "t"),
        ("t", "more", ""),
        ("t u", "more", "u"),
        ("t", "output_folder", "./output"),
        ("-o a t", "output_folder", "a"),
        ("t -o=a", "output_folder", "a"),
        ("t --output-folder a", "output_folder", "a"),
        ("t --outputFolder=aB", "output_folder", "aB"),
        ("-f t", "force", True),
        ("-f false t", "force", False),
        ("-f t", "target", "t"),
        ("t --features a b --force", "features", ["a", "b"]),
        ("t --format=json", "format", "json"),
        ("-f -- -t", "target", "-t"),
    ],
)
def test_parsed(words: str, field: str, value: object) -> None:
    assert getattr(parse_mixed(OPTIONS, WORDS, words.split()), field) == value


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "Not enough non-option arguments: got 0, need at least 1"),
        ("a b c d", "Unknown arguments: c, d"),
        ("a --nonsense", "Unknown argument: nonsense"),
        ("a -x", "Unknown argument: x"),
        ("a -o", "Not enough arguments following: output-folder"),
        ("a -o --force", "Not enough arguments following: output-folder"),
        ("a --format=x", 'Argument: format, Given: "x", Choices: "text", "json"'),
    ],
)
def test_refused(words: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_mixed(OPTIONS, WORDS, words.split())


def test_what_is_needed() -> None:
    with pytest.raises(UsageError, match="Missing required argument: namespace"):
        parse_mixed({"namespace": Option(needed=True)}, (), ())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("features",), 1, "A command is needed."),
        (("features", "nonsense"), 1, "Unknown argument: nonsense"),
        (("templates", "--help"), 0, "generate-docs"),
        (("features", "package"), 1, "Try `cove devcontainer features package --help`."),
        (("features", "package", "-h"), 0, "-o, --output-folder"),
    ],
)
def test_codes(words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", *words]) == code
    assert said in "".join(capsys.readouterr())
