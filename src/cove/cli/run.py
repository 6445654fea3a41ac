"""`cove run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.exec import parse_variables, split_command
from cove.cli.gpu_options import add_gpu_arguments, parse_gpu_arguments
from cove.cli.install import need_engine
from cove.workspace.exec import ExecOptions
from cove.workspace.run import run_once

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.usage = "cove run [PATH] [OPTIONS] -- COMMAND …"
    parser.add_argument(
        "--offline", action="store_true", default=None, help="ask no other machine, and say what is missing"
    )
    parser.add_argument(
        "--config", default="", help="the devcontainer.json to use: a path, or NAME of .devcontainer/NAME"
    )
    parser.add_argument(
        "--workdir", "-w", default="", help="folder in the container (default: the workspace's)"
    )
    parser.add_argument(
        "--env", "-e", action="append", default=[], metavar="NAME=VALUE", help="a further variable"
    )
    parser.add_argument("--user", "-u", default="", help="another user than the workspace's")
    parser.add_argument(
        "--secrets-file", default="", metavar="FILE", help="JSON file of variables for the command"
    )
    add_gpu_arguments(parser)
    parser.add_argument(
        "words", nargs="*", metavar="path", help="the folder (default: .), then -- and the command"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    folder, argv = split_command(args)
    session = open_session(args, offline=args.offline)
    need_engine(session)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    options = ExecOptions(workdir=args.workdir, env=parse_variables(args.env), tty=terminal, user=args.user)
    return run_once(
        session,
        folder or ".",
        argv,
        exec_options=options,
        config=args.config,
        gpus=parse_gpu_arguments(args),
        secrets_file=args.secrets_file,
    )
