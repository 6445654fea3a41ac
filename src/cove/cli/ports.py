"""`cove ports`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.style import Style
from cove.cli.table import render_table
from cove.workspace.address import find_desk
from cove.workspace.ports import need_running_desk, read_ports, watch_ports

if TYPE_CHECKING:
    import argparse

    from cove.spec.ports import Port
    from cove.workspace.ports import PortEvent
    from cove.workspace.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("workspace", nargs="?", help="name or folder (default: the one you stand in)")
    parser.add_argument(
        "--watch", "-w", action="store_true", help="go on: a line for each port that opens or closes"
    )


def run(args: argparse.Namespace) -> int:
    """Show the ports of a workspace, or tell of them as they come and go."""
    session = open_session(args)
    if args.watch:
        return _watch(args, session)
    desk = find_desk(session, args.workspace)
    ports = read_ports(session, desk)
    base = _base(session, desk.name)
    document = {"name": desk.name, "ports": [render_port(port, base) for port in ports]}
    style = Style(sys.stdout)
    rows = [
        (
            style.bold(str(port.number)),
            style.good("listening") if port.listening else style.dim("declared"),
            port.protocol or "-",
            port.label or "-",
            style.link(f"{base}{port.number}/"),
        )
        for port in ports
    ]
    head = ("PORT", "STATE", "PROTOCOL", "LABEL", "LINK")
    empty = f"Nothing listens in {desk.name}, and no port is declared."
    print_result(args, document, render_table(head, rows) if rows else empty)
    return 0


def render_port(port: Port, base: str) -> dict[str, object]:
    """Return a port as JSON has it; `base` is the link to the workspace's ports."""
    return {
        "port": port.number,
        "label": port.label,
        "protocol": port.protocol,
        "onAutoForward": port.on_auto_forward,
        "declared": port.declared,
        "listening": port.listening,
        "url": f"{base}{port.number}/",
    }


def _watch(args: argparse.Namespace, session: Session) -> int:
    base = _base(session, need_running_desk(session, args.workspace).name)
    style = Style(sys.stdout)
    for event in watch_ports(session, args.workspace):
        line = (
            json.dumps({"event": event.event, **render_port(event.port, base)}, ensure_ascii=False)
            if getattr(args, "json", False)
            else _line(event, base, style)
        )
        print(line, flush=True)
    return 0


def _line(event: PortEvent, base: str, style: Style) -> str:
    port = event.port
    label = f"  {port.label}" if port.label else ""
    if event.event == "closed":
        return f"{style.dim('-')} {style.dim(f'{port.number}{label}')}"
    return f"{style.good('+')} {style.bold(str(port.number))}{label}  {style.link(f'{base}{port.number}/')}"


def _base(session: Session, name: str) -> str:
    from cove.gateway.daemon import ensure_gateway

    gateway = ensure_gateway(session.machine, port=session.settings.gateway_port)
    return f"{gateway.url}/w/{name}/proxy/"
