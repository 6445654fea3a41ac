"""Pages that the code itself writes: commands from the argument parser, settings from their declarations, the changelog."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from cove.cli import COMMANDS, devcontainer
from cove.cli.devcontainer.options import make_parser as make_reference_parser
from cove.cli.parser import make_parser
from cove.settings.settings import KEYS, Settings
from cove.spec.additions import KEYS as ADDITIONS
from cove.spec.caches import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

COMMON = "common options"
CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {
        "commands.md": render_commands(),
        "settings.md": render_settings(),
        "changelog.md": CHANGELOG.read_text(encoding="utf-8"),
    }
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def render_commands() -> str:
    """Return the page of all commands with their options."""
    common = next(group for group in _groups(make_parser([])) if group.title == COMMON)
    parts = [
        "# Commands",
        "What `cove COMMAND --help` says, in one place. What the words mean is told in the [reference](reference.md).",
        f"## Common options\n\nBefore or after every command.\n\n{_table(common._group_actions)}",  # noqa: SLF001
        *(_render_command(name) for name in COMMANDS),
    ]
    return "\n\n".join(parts) + "\n"


def _render_command(name: str) -> str:
    root = make_parser([name])
    choices = next(action.choices for action in root._actions if isinstance(action.choices, dict))  # noqa: SLF001
    parts = [_render_parser(f"## `cove {name}`", choices[name])]
    if name == "devcontainer":
        for inner, doc in devcontainer.COMMANDS.items():
            parser = make_reference_parser(
                f"cove {name} {inner}", doc, devcontainer.load_command(inner).OPTIONS
            )
            parts.append(_render_parser(f"### `{parser.prog}`", parser))
    return "\n\n".join(parts)


def _render_parser(title: str, parser: argparse.ArgumentParser) -> str:
    positionals, options, *groups = _groups(parser)
    parts = [title, f"{parser.description}", f"```text\n{_usage(parser)}\n```"]
    parts.append(_table([*positionals._group_actions, *options._group_actions]))  # noqa: SLF001
    for group in groups:
        if group._group_actions and group.title != COMMON:  # noqa: SLF001
            name = f"{group.title}"
            parts.append(f"**{name[:1].upper()}{name[1:]}**\n\n{_table(group._group_actions)}")  # noqa: SLF001
    return "\n\n".join(parts)


def _groups(parser: argparse.ArgumentParser) -> list[argparse._ArgumentGroup]:
    return parser._action_groups  # noqa: SLF001 - argparse has no other list of what it was told


def _usage(parser: argparse.ArgumentParser) -> str:
    """Return the command's words in short; its options are in the table."""
    if parser.usage:
        return parser.usage
    places = [
        f"[{_value(action)}]"
        for action in parser._actions  # noqa: SLF001
        if not action.option_strings
    ]
    return " ".join((parser.prog, "[OPTIONS]", *places))


def _table(actions: Iterable[argparse.Action]) -> str:
    rows = [
        f"| {_words(action)} | {_cell(action.help or '')} |"
        for action in actions
        if action.help != argparse.SUPPRESS and action.dest != "help"
    ]
    if not rows:
        return "No options of its own."
    return "\n".join(("| | |", "|---|---|", *rows))


def _words(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else _value(action)
    words = [f"`{option} {value}".rstrip() + "`" for option in action.option_strings] or [f"`{value}`"]
    return _cell(", ".join(words))


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.metavar if isinstance(action.metavar, str) else action.dest.upper()


def _cell(text: str) -> str:
    """Return a text as it stands in a table: a bar would end the cell, but not in code."""
    return re.sub(r"(`[^`]*`)|\|", lambda found: found[1] or "\\|", " ".join(text.split()))


def render_settings() -> str:
    """Return the page of settings, of `customizations.cove`, and of the caches."""
    defaults = Settings()._asdict()
    settings = [
        (f"`{key.field}`", f"`{key.variable}`", _default(defaults[key.field], key.choices), key.doc)
        for key in KEYS
    ]
    additions = [(f"`{key.name}`", key.doc) for key in ADDITIONS]
    caches = [(f"`{name}`", ", ".join(f"`{one}`" for one in kind.variables)) for name, kind in KINDS.items()]
    parts = [
        "# Settings",
        "In `settings.toml`, as variables, and in a repository's devcontainer.json. `cove config` shows the values in force.",
        "How they work together is told in the [reference](reference.md#settings).",
        "## settings.toml\n\n" + _rows(("key", "variable", "default", "meaning"), settings),
        "## customizations.cove\n\nIn devcontainer.json.\n\n" + _rows(("key", "meaning"), additions),
        "## Caches\n\nThe kinds that `caches` may list.\n\n" + _rows(("kind", "variables"), caches),
    ]
    return "\n\n".join(parts) + "\n"


def _default(value: object, choices: tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    others = " or ".join(f"`{choice}`" for choice in choices if choice != value)
    said = f"`{value}`" if value else "cove chooses" if choices else "none"
    return said + (f"; {others}" if others else "")


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)
