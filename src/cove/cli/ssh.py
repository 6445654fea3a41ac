"""`cove ssh`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.errors import UsageError
from cove.host.proc import CommandMissing, replace_with

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.usage = "cove ssh [NAME|PATH] [-- SSH-OPTIONS… COMMAND…]"
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument(
        "--stdio", action="store_true", help="be the connection itself: what SSH's ProxyCommand starts"
    )


def run(args: argparse.Namespace) -> int:
    """Become the OpenSSH client, or the connection that it asks for."""
    if args.stdio:
        return _become_connection(args)
    from cove.errors import PlaceError
    from cove.host.proc import Command
    from cove.ssh.client import direct_path, own_program, write_client_config
    from cove.ssh.connect import find_ssh_desk, prepare, read_ready
    from cove.ssh.keys import SUFFIX

    session = open_session(args)
    desk = find_ssh_desk(session, args.workspace)
    if read_ready(session, desk) is None:
        prepare(session, desk)
    write_client_config(session.machine, own_program())
    words = ("ssh", "-F", direct_path(session.machine), f"{desk.name}{SUFFIX}", *(args.inner or ()))
    try:
        replace_with(Command(words))
    except CommandMissing as error:
        raise PlaceError(
            "there is no OpenSSH client on this machine", hint="Install it: `apt-get install openssh-client`."
        ) from error


def _become_connection(args: argparse.Namespace) -> int:
    """Become the engine's exec of the server: no process of cove's stands between the client and it."""
    from cove.ssh.connect import plan_connection, workspace_of

    if not args.workspace:
        raise UsageError("--stdio needs the workspace's name")
    args.quiet = True  # its stderr is the client's terminal
    replace_with(plan_connection(open_session(args), workspace_of(args.workspace)))
