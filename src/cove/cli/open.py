"""`cove open`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.errors import EngineError
from cove.workspace.address import find_desk

if TYPE_CHECKING:
    import argparse

    from cove.workspace.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument(
        "--print", action="store_true", dest="print_only", help="print the link instead of opening it"
    )


def run(args: argparse.Namespace) -> int:
    """Open the browser at the workspace, or print its link."""
    session = open_session(args)
    desk = find_desk(session, args.workspace)
    if not desk.container.running:
        raise EngineError(
            f"the workspace {desk.name} is {desk.container.state}", hint=f"Start it: `cove up {desk.folder}`."
        )
    from cove.gateway.client import mint_link
    from cove.gateway.daemon import ensure_gateway

    gateway = ensure_gateway(session.machine, port=session.settings.gateway_port)
    url = mint_link(gateway, desk.id or desk.name)
    if args.print_only or getattr(args, "json", False) or not _open_browser(session, url):
        print_result(args, {"name": desk.name, "url": url}, url)
    return 0


def _open_browser(session: Session, url: str) -> bool:
    """Open the browser without the token in anyone's process list: through a 0600 page that redirects."""
    if not sys.stdout.isatty():
        return False
    import webbrowser

    from cove.host.files import write_atomic

    page = f"{session.machine.directories.state}/open.html"
    write_atomic(
        page, f'<!doctype html><meta http-equiv="refresh" content="0; url={url}"><title>cove</title>'
    )
    return webbrowser.open(f"file://{page}")
