"""`cove sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.workspace.sync import describe_plan, sync_workspace

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument("--both", action="store_true", help="bring what is new there here as well")


def run(args: argparse.Namespace) -> int:
    """Bring a workspace's folder and its counterpart on another machine into step."""
    session = open_session(args)
    host, plan = sync_workspace(session, args.workspace, both_ways=args.both)
    document = {name: list(paths) for name, paths in plan._asdict().items()}
    document["warnings"] = list(session.progress.warnings)
    print_result(args, document, describe_plan(plan, host))
    return 0
