"""`cove up`."""

from __future__ import annotations

import sys
from argparse import BooleanOptionalAction
from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.gpu_options import add_gpu_arguments, parse_gpu_arguments
from cove.cli.lock_options import add_lock_arguments
from cove.cli.style import Style
from cove.errors import UsageError
from cove.gateway.doorkeeper import Doorkeeper
from cove.workspace.address import follow_record
from cove.workspace.terms import UpRequest
from cove.workspace.up import up

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from cove.gateway.views import Listen
    from cove.workspace.bases import BuildOptions
    from cove.workspace.session import Session
    from cove.workspace.terms import Opened

SHOWN_SECONDS = 0.5
"""Shorter steps are not worth a word in the summary."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "path", nargs="?", default=".", help="the repository's folder, or its git URL (default: .)"
    )
    parser.add_argument(
        "--offline", action="store_true", default=None, help="ask no other machine, and say what is missing"
    )
    parser.add_argument(
        "--config", default="", help="the devcontainer.json to use: a path, or NAME of .devcontainer/NAME"
    )
    parser.add_argument(
        "--branch", "-b", default="", help="open this branch beside the others, in a working tree of its own"
    )
    parser.add_argument(
        "--on", metavar="ssh://HOST", help="run it on another machine, which needs an engine and sshd"
    )
    parser.add_argument("--name", default="", help="the workspace's name (default: the folder's)")
    parser.add_argument("--rebuild", action="store_true", help="make image and container anew")
    parser.add_argument(
        "--recover",
        action="store_true",
        help="open what worked last, or a minimal image, with the log of what failed",
    )
    parser.add_argument(
        "--repair", action="store_true", help="make the container anew if it has lost its GPUs"
    )
    parser.add_argument("--no-cache", action="store_true", help="build without the engine's layer cache")
    parser.add_argument("--pull", action="store_true", help="ask the registry for newer base images")
    add_lock_arguments(parser)
    parser.add_argument(
        "--force", "-f", action="store_true", help="rebuild also when something made inside is lost"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and do nothing")
    parser.add_argument(
        "--isolated",
        action=BooleanOptionalAction,
        help="keep settings, extensions and caches to this workspace (default: for a repository opened by URL)",
    )
    parser.add_argument(
        "--secrets-file",
        default="",
        metavar="FILE",
        help="JSON file of variables that processes get and nothing keeps",
    )
    parser.add_argument("--ide-source", metavar="FILE|URL", help="take the editor's files from here")
    add_gpu_arguments(parser)
    door = parser.add_argument_group("a door of its own")
    door.add_argument("--port", type=int, help="serve this workspace alone at / on this port")
    door.add_argument("--host", default="127.0.0.1", help="the address for --port (default: loopback)")
    door.add_argument("--socket", default="", metavar="PATH", help="serve it on a unix socket instead")
    door.add_argument(
        "--base-path", default="", metavar="PREFIX", help="the prefix under which a proxy in front serves it"
    )
    door.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that requests may be for, beside localhost, where --auth is none (* for any)",
    )
    door.add_argument(
        "--auth", choices=("token", "none"), default="token", help="none: only on loopback or a socket"
    )


def run(args: argparse.Namespace) -> int:
    """Bring the workspace up and print its link."""
    session = open_session(args, offline=args.offline, ide_source=args.ide_source, **_parse_on(args))
    _check_words(args)
    if args.dry_run:
        from cove.cli.dry_run import print_plan

        return print_plan(args, session)
    from cove.cli.install import need_engine

    follow_record(session, args.path)
    need_engine(session)
    keeper = Doorkeeper(session.machine, session.settings.gateway_port)
    request = UpRequest(
        folder=args.path,
        branch=args.branch,
        config=args.config,
        name=args.name,
        rebuild=args.rebuild,
        recover=args.recover,
        repair=args.repair,
        isolated=args.isolated,
        secrets_file=args.secrets_file,
        build=_build_options(args),
        gpus=parse_gpu_arguments(args),
        announce=keeper.announce,
    )
    with keeper:
        opened = up(session, request)
        url = keeper.open(opened, _own_door(args))
    quiet = getattr(args, "quiet", False)
    print_result(args, _document(opened, url, session), _summary(opened, url, session, quiet=quiet))
    return 0


def _parse_on(args: argparse.Namespace) -> dict[str, str]:
    """Return the setting by which the engine is another machine's. Raises UsageError."""
    if not args.on:
        return {}
    from cove.engines.elsewhere import parse_word

    engine = getattr(args, "engine", "")
    word = f"{engine}+{args.on}" if engine else args.on
    parse_word(word)
    args.engine = ""  # told by the word
    return {"engine": word}


def _own_door(args: argparse.Namespace) -> Listen | None:
    """Return where the workspace is to be served alone, if that was asked for."""
    if args.port is None and not args.socket:
        return None
    from cove.gateway.views import Listen

    return Listen(
        host=args.host,
        port=args.port or 0,
        socket=args.socket,
        auth=args.auth,
        base_path=args.base_path,
        allow_hosts=tuple(args.allow_host),
    )


def _check_words(args: argparse.Namespace) -> None:
    """Refuse words that do not fit together: of a door of its own where none is asked for, of two ways to go."""
    if args.recover and (args.rebuild or args.repair or args.no_cache or args.pull):
        raise UsageError(
            "--recover makes nothing anew",
            hint="Leave out --rebuild, --repair, --no-cache and --pull, or --recover.",
        )
    if args.dry_run and args.branch:
        raise UsageError(
            "--dry-run plans what is there, and --branch may have to check out files first",
            hint="Leave out --branch: its configuration is planned as the one of a folder that has it.",
        )
    if args.port is None and not args.socket and (args.auth == "none" or args.base_path or args.allow_host):
        raise UsageError(
            "--auth, --base-path and --allow-host belong to a door of its own",
            hint="Add --port PORT or --socket PATH.",
        )


def _build_options(args: argparse.Namespace) -> BuildOptions | None:
    if not (args.no_cache or args.pull or args.frozen_lockfile or args.no_lockfile):
        return None
    from cove.workspace.bases import BuildOptions

    return BuildOptions(
        no_cache=args.no_cache,
        pull=args.pull,
        frozen_lockfile=args.frozen_lockfile,
        no_lockfile=args.no_lockfile,
    )


def _document(opened: Opened, url: str, session: Session) -> dict[str, object]:
    record = opened.record
    return {
        "name": record.name,
        "url": url,
        "containerId": record.container,
        "remoteUser": record.user,
        "remoteWorkspaceFolder": record.workspace_folder,
        "engine": record.engine,
        "image": record.image,
        "created": opened.created,
        "editor": record.editor,
        "gpus": opened.gpus,
        "ports": [
            {"port": int(port), "label": label, "url": render_port_link(url, port)}
            for port, label in record.ports.items()
        ],
        "substitutes": dict(opened.substitutes),
        "recovered": opened.recovered,
        "outOfDate": list(opened.out_of_date),
        "timings": {**opened.timings, "total": opened.seconds},
        "notes": session.progress.notes,
        "warnings": session.progress.warnings,
    }


def _summary(opened: Opened, url: str, session: Session, *, quiet: bool) -> str:
    if quiet:
        return url
    style = Style(sys.stdout)
    record = opened.record
    state = "is ready" if opened.created else "is open"
    rows = [("in", f"{record.workspace_folder} as {record.user}"), ("engine", record.engine)]
    if opened.recovered:
        rows.insert(0, ("recovered", f"{opened.recovered}; the editor shows the log of what failed"))
    if opened.origin:
        rows.insert(0, ("built from", opened.origin))
    rows += [
        ("base", f"{base}: substitute built from this machine's Debian mirror") for base in opened.substitutes
    ]
    if record.editor:
        rows.append(("editor", f"{record.editor}{f', from {opened.bundle}' if opened.bundle else ''}"))
    steps = [
        f"{name} {seconds:.1f} s" for name, seconds in opened.timings.items() if seconds >= SHOWN_SECONDS
    ]
    if opened.created and steps:
        rows.append(("took", ", ".join(steps)))
    if opened.gpus:
        rows.append(("gpu", opened.gpus))
    rows += [
        ("port", f"{render_port_link(url, port)}{f'  {label}' if label else ''}")
        for port, label in record.ports.items()
    ]
    if hint := tunnel_hint(session.machine.env, url):
        rows.append(("over ssh", hint))
    width = max(len(key) for key, _ in rows)
    table = "\n".join(f"  {style.dim(key.rjust(width))}  {value}" for key, value in rows)
    head = f"{style.good('✓')} {style.bold(record.name)} {state} after {opened.seconds:.1f} s"
    return f"{head}\n\n  {style.link(url)}\n\n{table}"


def render_port_link(url: str, port: str) -> str:
    """Return where the gateway serves a port inside, given the link to the workspace; for who has followed that link.

    >>> render_port_link("http://localhost:17000/w/digits/?token=t", "6006")
    'http://localhost:17000/w/digits/proxy/6006/'
    """
    return f"{url.partition('?')[0].rstrip('/')}/proxy/{port}/"


def tunnel_hint(env: Mapping[str, str], url: str) -> str:
    """Return the exact `ssh` line that brings the link to the person's own machine, or nothing on a local terminal.

    SSH_CONNECTION holds client address and port, server address and port (sshd(8)).
    """
    words = env.get("SSH_CONNECTION", "").split()
    port = url.partition("://")[2].partition("/")[0].rpartition(":")[2]
    if len(words) != len(("client", "its port", "server", "its port")) or not port.isdigit():
        return ""
    user = env.get("USER") or env.get("LOGNAME")
    server = f"{user}@{words[2]}" if user else words[2]
    where = "" if words[3] == "22" else f" -p {words[3]}"
    return f"ssh -N -L {port}:localhost:{port}{where} {server}"
