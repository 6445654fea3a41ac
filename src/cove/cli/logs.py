"""`cove logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.workspace.logs import plan_container_logs, read_editor_log, read_progress

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--editor", action="store_true", help="what the editor wrote")
    which.add_argument("--container", action="store_true", help="what the container's main process wrote")
    parser.add_argument("--follow", "-f", action="store_true", help="go on as it grows (with --container)")
    parser.add_argument("--tail", "-n", type=int, metavar="LINES", help="only the last lines")


def run(args: argparse.Namespace) -> int:
    """Print the last build and start, the editor's log, or the container's."""
    session = open_session(args)
    if args.container:
        return session.runner.attach(
            plan_container_logs(session, args.workspace, follow=args.follow, tail=args.tail)
        )
    if args.editor:
        print(read_editor_log(session, args.workspace, lines=args.tail or 1000))
        return 0
    lines = read_progress(session, args.workspace)
    print("\n".join(lines[-args.tail :] if args.tail else lines))
    return 0
