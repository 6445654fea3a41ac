"""`cove build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.context import open_session, print_result
from cove.cli.install import need_engine
from cove.cli.lock_options import add_lock_arguments
from cove.workspace.bases import BuildOptions
from cove.workspace.build import build

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "path", nargs="?", default=".", help="folder with a Dockerfile or devcontainer.json (default: .)"
    )
    parser.add_argument(
        "--offline", action="store_true", default=None, help="ask no other machine, and say what is missing"
    )
    parser.add_argument(
        "--config", default="", help="the devcontainer.json to use: a path, or NAME of .devcontainer/NAME"
    )
    parser.add_argument(
        "--tag", "-t", action="append", default=[], metavar="NAME", help="a name for the image; repeatable"
    )
    parser.add_argument("--push", action="store_true", help="push it under its names")
    parser.add_argument("--platform", default="", help="build for another platform, such as linux/arm64")
    parser.add_argument("--no-cache", action="store_true", help="build without the engine's layer cache")
    parser.add_argument("--pull", action="store_true", help="ask the registry for newer base images")
    add_lock_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Build a workspace's image."""
    session = open_session(args, offline=args.offline)
    need_engine(session)
    options = BuildOptions(
        no_cache=args.no_cache,
        pull=args.pull,
        platform=args.platform,
        tags=tuple(args.tag),
        push=args.push,
        frozen_lockfile=args.frozen_lockfile,
        no_lockfile=args.no_lockfile,
    )
    built = build(session, args.path, config=args.config, options=options)
    megabytes = built.size / 1e6
    print_result(
        args,
        built._asdict(),
        f"built {', '.join(built.names)} ({megabytes:.0f} MB){', pushed' if built.pushed else ''}",
    )
    return 0
