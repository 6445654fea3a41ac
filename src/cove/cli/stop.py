"""`cove stop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.workspace.stop import stop_workspace

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")


def run(args: argparse.Namespace) -> int:
    """Stop a workspace."""
    stopped = stop_workspace(open_session(args), args.workspace)
    print_result(args, stopped._asdict(), f"{stopped.name} is stopped; `cove up` starts it again as it was.")
    return 0
