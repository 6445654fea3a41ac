"""`cove shell`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.exec import attach

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument(
        "--workdir", "-w", default="", help="folder in the container (default: the workspace's)"
    )
    parser.add_argument(
        "--env", "-e", action="append", default=[], metavar="NAME=VALUE", help="a further variable"
    )
    parser.add_argument("--user", "-u", default="", help="another user than the workspace's")
    parser.set_defaults(no_stdin=False)


def run(args: argparse.Namespace) -> int:
    """Start the remote user's login shell and return its exit code."""
    return attach(args, args.workspace, ())
