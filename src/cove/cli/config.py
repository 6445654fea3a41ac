"""`cove config`."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from cove.cli.context import print_result
from cove.cli.style import Style
from cove.cli.table import render_table
from cove.errors import UsageError
from cove.host.machine import read_machine
from cove.settings.settings import KEYS, parse_settings, trace_settings
from cove.workspace.session import read_source

if TYPE_CHECKING:
    import argparse

PASSWORD = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=("show", "path", "schema"),
        default="show",
        help="every setting and where it comes from (default); the file's path; a JSON schema for editors",
    )
    parser.add_argument(
        "of",
        nargs="?",
        choices=("settings", "devcontainer"),
        help="schema: of settings.toml (default), or of customizations.cove in devcontainer.json",
    )


def run(args: argparse.Namespace) -> int:
    """Show the settings, the path of their file, or a schema."""
    if args.of and args.what != "schema":
        raise UsageError(f"`{args.of}` belongs to `cove config schema`")
    match args.what:
        case "path":
            path = f"{read_machine().directories.config}/settings.toml"
            print_result(args, {"path": path}, path)
        case "schema":
            import json

            print(json.dumps(_schema(args.of or "settings"), indent=2, ensure_ascii=False))
        case _:
            _show(args)
    return 0


def _show(args: argparse.Namespace) -> None:
    machine = read_machine()
    source = read_source(machine)
    options = {"engine": "--engine"} if getattr(args, "engine", None) else {}
    settings = parse_settings(source, machine.env)
    if options:
        settings = settings._replace(engine=args.engine)
    origins = trace_settings(source, machine.env, options)
    document = {
        key.field: {"value": _masked(getattr(settings, key.field)), "source": origins[key.field]}
        for key in KEYS
    }
    style = Style(sys.stdout)
    rows = [
        (
            key.field,
            _text(getattr(settings, key.field)),
            style.dim("default") if origins[key.field] == "default" else origins[key.field],
        )
        for key in KEYS
    ]
    table = render_table(("SETTING", "VALUE", "FROM"), rows)
    there = "" if os.path.exists(source.path) else " (not there yet)"
    print_result(args, {"path": source.path, "settings": document}, f"{table}\n\n{source.path}{there}")


def _masked(value: object) -> object:
    """Return a value with the passwords in its URLs out of sight."""
    return PASSWORD.sub("***", value) if isinstance(value, str) else value


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} = {item}" for name, item in value.items()) or "-"
    return str(_masked(value) or "-")


def _schema(of: str) -> dict[str, object]:
    if of == "devcontainer":
        from cove.spec.schema import render_customizations_schema

        return dict(render_customizations_schema())
    from cove.settings.schema import render_settings_schema

    return render_settings_schema()
