"""What may stand next on the command line, from a parser and the words so far. Pure."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["", "workspace", "folder", "file"]
KINDS: Mapping[str, Kind] = {
    "workspace": "workspace",
    "path": "folder",
    "workspace_folder": "folder",
    "config": "file",
    "override_config": "file",
    "secrets_file": "file",
    "docker_path": "file",
    "FILE": "file",
    "FILE|URL": "file",
    "PATH": "file",
}
"""What a value is, by the name that help gives it, else by where it is kept."""


class Candidates(NamedTuple):
    """Words that fit, each with what it does, and what else may stand there."""

    words: Mapping[str, str] = {}
    kind: Kind = ""


def choose_candidates(
    parser: argparse.ArgumentParser, commands: Mapping[str, str], before: Sequence[str], word: str
) -> Candidates:
    """Return what may stand for `word`, of which a beginning is typed, after the words `before` it."""
    if "--" in before:
        return Candidates(kind="file")  # another program's words
    reached = _walk(parser, before)
    if reached.waiting:
        return _values(reached.waiting, commands, "", word)
    option, equals, beginning = word.partition("=")
    if equals and (action := _valued(reached.parser, option)):
        return _values(action, commands, f"{option}=", beginning)
    if word.startswith("-"):
        return Candidates(_fitting(_options(reached.parser, before), word))
    if reached.positional:
        return _values(reached.positional, commands, "", word)
    return Candidates()


class _Reached(NamedTuple):
    """Where the words so far have led to."""

    parser: argparse.ArgumentParser
    waiting: argparse.Action | None
    """The option whose value comes next."""
    positional: argparse.Action | None
    """The positional that comes next."""


def _walk(parser: argparse.ArgumentParser, before: Sequence[str]) -> _Reached:
    positionals = [action for action in _actions(parser) if not action.option_strings]
    waiting: argparse.Action | None = None
    for place, said in enumerate(before):
        if waiting:
            waiting = None
        elif said.startswith("-"):
            waiting = _valued(parser, said)
        elif inner := _inner(positionals, said):
            return _walk(inner, before[place + 1 :])
        else:
            positionals = positionals[1:]
    return _Reached(parser, waiting, positionals[0] if positionals else None)


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 - argparse has no other list of what it was told


def _inner(positionals: list[argparse.Action], name: str) -> argparse.ArgumentParser | None:
    """Return the parser of a command that is named here."""
    if positionals and isinstance(positionals[0].choices, dict):
        found = positionals[0].choices.get(name)
        return found if isinstance(found, argparse.ArgumentParser) else None
    return None


def _valued(parser: argparse.ArgumentParser, option: str) -> argparse.Action | None:
    """Return the option if it wants a value."""
    return next(
        (action for action in _actions(parser) if option in action.option_strings and action.nargs != 0),
        None,
    )


def _options(parser: argparse.ArgumentParser, before: Sequence[str]) -> dict[str, str]:
    """Return the long options that have not been given, or may be given again."""
    said = {word.partition("=")[0] for word in before}
    return {
        option: action.help or ""
        for action in _actions(parser)
        if action.help != argparse.SUPPRESS
        and (isinstance(action.default, list) or not said & {*action.option_strings})
        for option in action.option_strings
        if option.startswith("--")
    }


def _values(action: argparse.Action, commands: Mapping[str, str], prefix: str, beginning: str) -> Candidates:
    """Return what an option or a positional may be."""
    if action.choices is not None:
        words = {f"{prefix}{choice}": commands.get(str(choice), "") for choice in action.choices}
        return Candidates(_fitting(words, prefix + beginning))
    name = action.metavar if isinstance(action.metavar, str) else action.dest
    return Candidates(kind=KINDS.get(name, ""))


def _fitting(words: Mapping[str, str], beginning: str) -> dict[str, str]:
    return {word: doc for word, doc in words.items() if word.startswith(beginning)}
