"""`cove prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.workspace.defaults import render_size
from cove.workspace.prune import describe, list_idle, prune, total

if TYPE_CHECKING:
    import argparse

    from cove.workspace.prune import Idle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--data", action="store_true", help="the editor data of removed workspaces as well")
    parser.add_argument("--dry-run", action="store_true", help="show what nothing uses, and remove nothing")
    parser.add_argument("--force", "-f", action="store_true", help="remove without asking")


def run(args: argparse.Namespace) -> int:
    """Remove what cove made and nothing uses."""
    session = open_session(args)
    idle = list_idle(session, data=args.data) if args.dry_run else prune(session, data=args.data)
    document = {"removed" if not args.dry_run else "unused": [one._asdict() for one in idle]}
    print_result(args, document, _told(idle, removed=not args.dry_run))
    return 0


def _told(idle: list[Idle], *, removed: bool) -> str:
    if not idle:
        return "Nothing to remove: all that cove made is in use."
    size = render_size(total(idle))
    last = f"Removed, up to {size}." if removed else f"Up to {size}; nothing was removed. `cove prune` does."
    return "\n".join((*map(describe, idle), last))
