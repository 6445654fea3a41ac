"""The words of the command line. Only the chosen command's module is imported."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any, NoReturn

from cove import __version__
from cove.cli import COMMANDS
from cove.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Opens a machine-learning repository in VS Code, inside a container,
wherever the work has to run.

  cove up                    in a repository: one link
  cove exec NAME -- CMD      a command in what is open
  cove doctor                when something does not work
"""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Knows its width by itself: argparse imports shutil for it, for each option it is told of."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    if (given := os.environ.get("COLUMNS", "")).isdigit():
        return int(given)
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80


class Parser(argparse.ArgumentParser):
    """argparse whose mistakes are errors like all others."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**{"formatter_class": Formatter, **words})

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting."""
        raise UsageError(message, hint=f"Try `{self.prog} --help`.")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the parsed words; `run` is the command's function. Raises UsageError; --help and --version exit.

    Options common to all commands may stand before the command or after it.
    """
    if (word := _first_word(words)) and word not in COMMANDS:
        raise _no_such_command(word)
    parser = make_parser(words)
    own, inner = _split(words)
    args = parser.parse_args(own)
    args.inner = inner
    if args.command is None:
        parser.print_help()
        raise SystemExit(2)
    return args


def make_parser(words: Sequence[str]) -> Parser:
    """Return the parser of the command that is named among the words, or of all commands' names."""
    common = _common()
    parser = Parser(
        prog="cove",
        description=DESCRIPTION,
        parents=[common],
        usage="cove [OPTIONS] COMMAND …",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cove {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", prog="cove", parser_class=Parser
    )
    chosen = _command_among(words)
    for name, doc in COMMANDS.items():
        if chosen in {name, None}:
            command = commands.add_parser(
                name,
                help=doc,
                description=f"{doc[0].upper()}{doc[1:]}.",
                parents=[common],
                allow_abbrev=False,
            )
            if chosen == name:
                _fill(command, name)
    return parser


def _command_among(words: Sequence[str]) -> str | None:
    """Return the first word that is a command's name, if no word before it could be anything else but an option."""
    word = _first_word(words)
    return word if word in COMMANDS else None


def _first_word(words: Sequence[str]) -> str:
    """Return the first word that is neither an option nor an option's value, or nothing."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in {"--engine", "--log-format"}:
            skip = True
        elif not word.startswith("-"):
            return word
    return ""


def _no_such_command(word: str) -> UsageError:
    from difflib import get_close_matches

    hint = "`cove --help` lists the commands."
    if near := get_close_matches(word, COMMANDS, 1):
        hint = f"Did you mean `cove {near[0]}`?"
    elif os.path.isdir(word):
        hint = f"To open that folder: `cove up {word}`."
    return UsageError(f"there is no command `{word}`", hint=hint)


def _split(words: Sequence[str]) -> tuple[list[str], tuple[str, ...] | None]:
    """Return cove's own words, and those after `--`, which are another program's; None where there is no `--`."""
    if "--" in words and _command_among(words) in {"exec", "run", "ssh", "completion"}:
        dashes = list(words).index("--")
        return list(words[:dashes]), tuple(words[dashes + 1 :])
    return list(words), None


def _fill(parser: argparse.ArgumentParser, name: str) -> None:
    from importlib import import_module

    module = import_module(f"cove.cli.{name.replace('-', '_')}")
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


def _common() -> Parser:
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("common options")
    group.add_argument(
        "--engine", choices=("docker", "podman"), help="the engine to use (default: what answers)"
    )
    group.add_argument("--json", action="store_true", help="print the result as one JSON object")
    group.add_argument(
        "--log-format", choices=("text", "json"), help="progress on stderr as text or as JSON events"
    )
    group.add_argument(
        "--yes", "-y", action="store_true", help="consent to installing packages and substitute base images"
    )
    group.add_argument(
        "--trust", action="store_true", help="consent to what the repository asks of this machine"
    )
    group.add_argument("--quiet", "-q", action="store_true", help="no progress, only the result")
    return common
