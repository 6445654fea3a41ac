"""`cove rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.workspace.stop import remove_workspace

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument("--force", "-f", action="store_true", help="also when something made inside is lost")
    parser.add_argument(
        "--data",
        action="store_true",
        help="remove its own editor data as well, and a clone in which nothing would be lost",
    )


def run(args: argparse.Namespace) -> int:
    """Remove a workspace's container; repository, image and profile stay."""
    session = open_session(args)
    removed = remove_workspace(session, args.workspace, data=args.data)
    from cove.gateway.client import forget
    from cove.gateway.daemon import read_gateway

    if removed.id and (gateway := read_gateway(session.machine)):
        forget(gateway, removed.id)
    stays = {"": "the repository and its image stay", "removed": "so is its clone; the image stays"}
    text = f"{removed.name} is removed; {stays.get(removed.clone, removed.clone)}."
    print_result(args, removed._asdict(), text)
    return 0
