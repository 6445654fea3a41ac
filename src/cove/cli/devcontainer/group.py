"""Commands within a command (`features package`), and how yargs reads their lines: options and words in any order."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from cove.cli.devcontainer.options import IGNORED, IGNORED_FLAG, kebab
from cove.cli.ending import end_code
from cove.errors import CoveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.cli.devcontainer.options import Option

COMMON: Mapping[str, Option] = {
    "oci-auth-hardening": IGNORED_FLAG,
    "allow-cross-origin-auth-host": IGNORED._replace(many=True),
    "log-level": IGNORED._replace(choices=("info", "debug", "trace"), default="info"),
}


def run_group(group: str, commands: Mapping[str, str], words: Sequence[str]) -> int:
    """Run one of a group's commands, each a module with `OPTIONS`, `WORDS` and `run`; return the exit code."""
    from importlib import import_module

    from cove.cli.devcontainer import show_failure

    name = words[0] if words else ""
    program = f"cove devcontainer {group} {name}"
    try:
        if name not in commands:
            return _show_commands(group, commands, name)
        module: Any = import_module(f"cove.cli.devcontainer.{group}.{name.replace('-', '_')}")
        if {"--help", "-h"} & set(words[1:]):
            sys.stdout.write(render_help(program, commands[name], module.OPTIONS, module.WORDS))
            return 0
        return int(module.run(parse_mixed(module.OPTIONS, module.WORDS, words[1:])))
    except UsageError as error:
        print(error.message, error.hint or f"Try `{program.strip()} --help`.", sep="\n", file=sys.stderr)
        return 1
    except CoveError as error:
        return show_failure(error)
    except KeyboardInterrupt as error:
        return end_code(error)


def _show_commands(group: str, commands: Mapping[str, str], name: str) -> int:
    wide = max(map(len, commands))
    lines = [f"  {command.ljust(wide)}  {doc}" for command, doc in commands.items()]
    text = "\n".join((f"cove devcontainer {group} COMMAND", "", *lines, ""))
    if name in {"--help", "-h"}:
        sys.stdout.write(text)
        return 0
    raise UsageError(f"{text}\n{f'Unknown argument: {name}' if name else 'A command is needed.'}")


def render_help(program: str, doc: str, options: Mapping[str, Option], names: Sequence[str]) -> str:
    """Return the text of a command's `--help`."""
    rows = []
    for name, option in options.items():
        spelled = f"-{option.alias}, --{name}" if option.alias else f"    --{name}"
        told = [option.doc, "needed" if option.needed else "", ", ".join(option.choices)]
        if option.default and not option.choices:
            told.append(f"default: {option.default}")
        rows.append(f"  {spelled.ljust(36)}{'; '.join(filter(None, told))}".rstrip())
    usage = " ".join((program, *names, "[OPTIONS]"))
    return "\n".join((f"usage: {usage}", "", f"{doc[0].upper()}{doc[1:]}.", "", *rows, ""))


def parse_mixed(
    options: Mapping[str, Option], names: Sequence[str], words: Sequence[str]
) -> argparse.Namespace:
    """Return the words by name; `<name>` of `names` must be there, `[name]` may be. Raises UsageError.

    >>> parse_mixed({"namespace": Option(alias="n")}, ["<target>"], ["-n", "a/b", "src"])
    Namespace(namespace='a/b', target='src')
    """
    values: dict[str, Any] = {
        name.replace("-", "_"): [] if option.many else option.default for name, option in options.items()
    }
    given, plain = _sort_words(options, words)
    for name, value in given:
        _check_choice(name, options[name], value)
        key = name.replace("-", "_")
        if options[name].many:
            values[key].append(value)
        else:
            values[key] = value == "true" if options[name].flag else value
    _take_plain(values, names, plain)
    lacking = [
        name for name, option in options.items() if option.needed and not values[name.replace("-", "_")]
    ]
    if lacking:
        raise UsageError(f"Missing required argument{'s' * (len(lacking) > 1)}: {', '.join(lacking)}")
    return argparse.Namespace(**values)


def _sort_words(
    options: Mapping[str, Option], words: Sequence[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the options with their values, and the words that are none."""
    letters = {option.alias: name for name, option in options.items() if option.alias}
    given: list[tuple[str, str]] = []
    plain: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            plain += queue
            break
        if not word.startswith("-") or word == "-":
            plain.append(word)
            continue
        spelled, equals, value = word.lstrip("-").partition("=")
        name = kebab(spelled) if word.startswith("--") else letters.get(spelled, "")
        if name not in options:
            raise UsageError(f"Unknown argument: {spelled}")
        given += [
            (name, found) for found in _take_values(options[name], value if equals else None, queue, name)
        ]
    return given, plain


def _take_values(option: Option, value: str | None, queue: list[str], name: str) -> list[str]:
    if value is not None:
        return [value]
    if option.flag:
        return [queue.pop(0)] if queue and queue[0] in {"true", "false"} else ["true"]
    taken: list[str] = []
    while queue and not queue[0].startswith("-") and (option.many or not taken):
        taken.append(queue.pop(0))
    if not taken:
        raise UsageError(f"Not enough arguments following: {name}")
    return taken


def _take_plain(values: dict[str, Any], names: Sequence[str], plain: Sequence[str]) -> None:
    needed = sum(name.startswith("<") for name in names)
    if len(plain) < needed:
        raise UsageError(f"Not enough non-option arguments: got {len(plain)}, need at least {needed}")
    if extra := plain[len(names) :]:
        raise UsageError(f"Unknown argument{'s' * (len(extra) > 1)}: {', '.join(extra)}")
    for name, value in zip(names, [*plain, *[""] * len(names)], strict=False):
        values[name.strip("<>[]")] = value


def _check_choice(name: str, option: Option, value: str) -> None:
    if option.choices and value not in option.choices:
        choices = ", ".join(f'"{choice}"' for choice in option.choices)
        raise UsageError(f'Invalid values:\n  Argument: {name}, Given: "{value}", Choices: {choices}')
