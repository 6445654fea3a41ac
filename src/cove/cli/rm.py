"""`cove rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.workspace.stop import remove_workspace

if TYPE_CHECKING:
    import argparse

    from cove.workspace.stop import Stopped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument("--force", "-f", action="store_true", help="also when something made inside is lost")
    parser.add_argument(
        "--data",
        action="store_true",
        help="remove its own editor data as well, and a clone or a branch's files if nothing would be lost",
    )


def run(args: argparse.Namespace) -> int:
    """Remove a workspace's container; repository, image and profile stay."""
    session = open_session(args)
    removed = remove_workspace(session, args.workspace, data=args.data)
    from cove.gateway.client import forget
    from cove.gateway.daemon import read_gateway

    if removed.id and (gateway := read_gateway(session.machine)):
        forget(gateway, removed.id)
    print_result(args, removed._asdict(), f"{removed.name} is removed; {_tell(removed)}.")
    return 0


def _tell(removed: Stopped) -> str:
    if removed.worktree == "removed":
        return "so are its files; the branch and the image stay"
    if removed.clone == "removed":
        return "so is its clone; the image stays"
    return removed.worktree or removed.clone or "the repository and its image stay"
