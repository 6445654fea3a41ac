"""`cove mcp`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.usage = "cove mcp --allow WORKSPACE[=TOOL,…] …"
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="WORKSPACE[=TOOL,…]",
        help="what an agent may do there: exec, logs, ports, stop, up (default: exec, logs, ports); the workspace is a "
        "name, in which * stands for anything, or a folder with its branches",
    )


def run(args: argparse.Namespace) -> int:
    """Serve the Model Context Protocol on standard input and output until that ends."""
    from cove.mcp.desks import Desks
    from cove.mcp.grants import parse_grant

    grants = [parse_grant(text, os.getcwd()) for text in args.allow]
    if not grants:
        raise UsageError(
            "nothing is granted", hint="Say which workspaces an agent may use: `cove mcp --allow NAME`."
        )
    try:
        from cove.mcp.server import make_server
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{error.name} is not installed", hint="Install the extra: `pip install 'cove[mcp]'`."
        ) from error
    make_server(Desks(grants, engine=getattr(args, "engine", None) or "")).run("stdio")
    return 0
