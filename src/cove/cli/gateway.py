"""`cove gateway`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=("status", "start", "stop", "restart", "open"),
        default="status",
        help="default: status",
    )


def run(args: argparse.Namespace) -> int:
    """Tell about the gateway, start it, stop it, or print a link to its list."""
    from cove.gateway.client import mint_link
    from cove.gateway.daemon import ensure_gateway, read_gateway, stop_gateway

    session = open_session(args)
    machine, port = session.machine, session.settings.gateway_port
    if args.action in {"stop", "restart"}:
        was = stop_gateway(machine)
        if args.action == "stop":
            print_result(args, {"running": False, "stopped": was}, "stopped" if was else "it was not running")
            return 0
    gateway = read_gateway(machine) if args.action == "status" else ensure_gateway(machine, port=port)
    if gateway is None:
        print_result(args, {"running": False}, "not running; `cove up` starts it")
        return 0
    url = mint_link(gateway, "") if args.action == "open" else gateway.url
    document = {
        "running": True,
        "url": url,
        "port": gateway.port,
        "pid": gateway.pid,
        "version": gateway.version,
    }
    print_result(
        args, document, url if args.action == "open" else f"running at {gateway.url} (pid {gateway.pid})"
    )
    return 0
