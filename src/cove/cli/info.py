"""`cove info`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.style import Style
from cove.workspace.info import read_info

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")


def run(args: argparse.Namespace) -> int:
    """Tell everything about one workspace."""
    document = read_info(open_session(args), args.workspace)
    print_result(args, document, _render(document, Style(sys.stdout)))
    return 0


def _render(document: dict[str, object], style: Style) -> str:
    rows = [(key, _text(value)) for key, value in document.items() if value not in ("", [], {}, ())]
    width = max(len(key) for key, _ in rows)
    return "\n".join(f"{style.dim(key.rjust(width))}  {text}" for key, text in rows)


def _text(value: object) -> str:
    match value:
        case dict():
            return ", ".join(
                f"{key} {_text(item)}" for key, item in value.items() if item not in ("", [], (), False)
            )
        case list() | tuple():
            return "; ".join(str(item) for item in value)
        case _:
            return str(value)
