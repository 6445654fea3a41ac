"""`cove open`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.errors import EngineError, PlaceError, UsageError
from cove.workspace.address import find_desk

if TYPE_CHECKING:
    import argparse

    from cove.ssh.desktop import DesktopEditor, Way
    from cove.workspace.address import Desk
    from cove.workspace.session import Session

DESKTOPS = ("vscode", "cursor", "windsurf", "zed", "pycharm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument(
        "--print", action="store_true", dest="print_only", help="print the link instead of opening it"
    )
    parser.add_argument(
        "--desktop", action="store_true", help="in VS Code on this desktop: Dev Containers, else Remote-SSH"
    )
    parser.add_argument("--editor", choices=DESKTOPS, help="in another editor on this desktop")


def run(args: argparse.Namespace) -> int:
    """Open the browser or a desktop editor at the workspace, or print its link."""
    session = open_session(args)
    desk = find_desk(session, args.workspace)
    if not desk.container.running:
        raise EngineError(
            f"the workspace {desk.name} is {desk.container.state}", hint=f"Start it: `cove up {desk.folder}`."
        )
    if args.desktop or args.editor:
        if args.desktop and args.editor not in {None, "vscode"}:
            raise UsageError(
                "--desktop is VS Code", hint=f"Leave it out: `cove open --editor {args.editor}`."
            )
        return _open_desktop(args, session, desk)
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


def _open_desktop(args: argparse.Namespace, session: Session, desk: Desk) -> int:
    from cove.ssh.connect import find_ssh_desk
    from cove.ssh.desktop import EDITORS, choose_way, engine_settings, read_extensions, render_address

    editor, machine = EDITORS[args.editor or "vscode"], session.machine
    there = find_ssh_desk(session, args.workspace)
    way = choose_way(editor, read_extensions(machine, editor), engine=session.engine.name)
    address = render_address(
        editor,
        way,
        name=desk.name,
        container=desk.container.name or desk.container.id,
        folder=there.folder,
        user=there.user,
        settings=engine_settings(machine.env),
    )
    if way == "ssh":
        _make_reachable(session, args.workspace)
    if args.print_only or getattr(args, "json", False):
        document = {"name": desk.name, "url": address, "editor": editor.name, "way": way}
        print_result(args, document, address)
        return 0
    return _start(session, editor, way, address)


def _make_reachable(session: Session, word: str | None) -> None:
    """Put the server into the container and the hosts into the person's configuration: an editor cannot ask."""
    from cove.cli.ssh_config import include
    from cove.ssh.client import own_program, write_client_config
    from cove.ssh.connect import find_ssh_desk, prepare, read_ready

    there = find_ssh_desk(session, word)
    if read_ready(session, there) is None:
        prepare(session, there)
    write_client_config(session.machine, own_program())
    if not include(session):
        session.progress.warn("your SSH configuration does not know the workspaces yet: `cove ssh-config`")


def _start(session: Session, editor: DesktopEditor, way: Way, address: str) -> int:
    from cove.host.proc import Command
    from cove.ssh.desktop import find_program, render_call

    program = find_program(session.machine, editor)
    if not program:
        import webbrowser

        # Its address is registered with the desktop, where there is one.
        if editor.programs or not webbrowser.open(address):
            raise PlaceError(
                f"{editor.title} has no command on this machine",
                hint=f"Open this address where your desktop is: {address}",
            )
        return 0
    if way == "attach":
        session.progress.note(f"{editor.title} attaches by its Dev Containers extension")
    return session.runner.attach(Command(render_call(editor, program, address)))
