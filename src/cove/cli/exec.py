"""`cove exec`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.errors import UsageError
from cove.workspace.exec import ExecOptions, plan_exec, settle_code

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.usage = "cove exec [NAME|PATH] [OPTIONS] -- COMMAND …"
    parser.add_argument(
        "--workdir", "-w", default="", help="folder in the container (default: the workspace's)"
    )
    parser.add_argument(
        "--env", "-e", action="append", default=[], metavar="NAME=VALUE", help="a further variable"
    )
    parser.add_argument("--user", "-u", default="", help="another user than the workspace's")
    parser.add_argument("--no-stdin", action="store_true", help="do not pass on standard input")
    parser.add_argument(
        "words", nargs="*", metavar="workspace", help="the workspace, then -- and the command"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    word, argv = split_command(args)
    return attach(args, word, argv)


def split_command(args: argparse.Namespace) -> tuple[str | None, tuple[str, ...]]:
    """Return the workspace (None: the one you stand in) and the command. Raises UsageError.

    Without `--` the first word is the workspace and the rest the command, as with the engines.
    """
    if args.inner is None:
        word, argv = (args.words[0] if args.words else None), tuple(args.words[1:])
    else:
        if len(args.words) > 1:
            raise UsageError(
                f"`{' '.join(args.words)}` is more than one workspace", hint="Write the command after `--`."
            )
        word, argv = (args.words[0] if args.words else None), args.inner
    if not argv:
        raise UsageError(
            "no command given",
            hint=f"Write it after two dashes: `cove {args.command} NAME -- python train.py`.",
        )
    return word, argv


def attach(args: argparse.Namespace, word: str | None, argv: tuple[str, ...]) -> int:
    """Run a command in a workspace with the person's own terminal."""
    args.quiet = True  # nothing of cove's own stands between a command and its output
    session = open_session(args)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    options = ExecOptions(
        workdir=args.workdir,
        env=parse_variables(args.env),
        interactive=not args.no_stdin,
        tty=terminal and not args.no_stdin,
        user=args.user,
    )
    code = session.runner.attach(plan_exec(session, word, argv, options))
    return settle_code(session, word, argv, code)


def parse_variables(pairs: list[str]) -> dict[str, str]:
    """Return `NAME=VALUE` words as a mapping; a NAME alone takes this process's value. Raises UsageError."""
    import os

    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name:
            raise UsageError(f"`{pair}` is not NAME=VALUE")
        found[name] = value if equals else os.environ.get(name, "")
    return found
