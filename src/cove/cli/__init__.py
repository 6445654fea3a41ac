"""The command line: `main` picks one command's module and imports nothing else."""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from cove.cli.ending import end_code, take_endings
from cove.errors import CoveError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "up": "build, start and open a workspace",
    "open": "open a running workspace in the browser",
    "exec": "run a command in a running workspace",
    "shell": "start a shell in a running workspace",
    "ssh": "OpenSSH into a running workspace: shell, commands, tunnels",
    "ssh-config": "let every SSH client and editor know the workspaces, as NAME.cove",
    "run": "run a command in a throw-away container of the same environment",
    "ls": "list workspaces",
    "info": "tell everything about one workspace",
    "ports": "show what listens in a workspace, with links",
    "forward": "bind a workspace's port on this machine's loopback",
    "sync": "bring a workspace's files on another machine into step",
    "logs": "show what a workspace wrote: build, editor, container",
    "stop": "stop a workspace",
    "rm": "remove a workspace's container",
    "build": "build a workspace's image",
    "doctor": "look at this machine, and a repository: what is wrong, how to mend it",
    "init": "write a devcontainer.json and a Dockerfile that fit the repository",
    "gpus": "show the GPUs: who holds them, what runs on them",
    "cache": "caches of models, data sets and packages: sizes, and removal",
    "prune": "remove what cove made and nothing uses any more",
    "config": "every setting and where it comes from",
    "devcontainer": "stand in for the reference CLI: its commands, options and output",
    "mcp": "serve workspaces to coding agents over the Model Context Protocol",
    "gateway": "the web door: status, stop, restart",
    "completion": "completion for bash, zsh and fish, with the workspaces' names",
}


GARBAGE_THRESHOLD = 20_000
"""Start-up makes objects that stay; to look for cycles among them every 700, as Python does, is a part of its time."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every known error becomes a message, a hint and its code.

    `exec` and `run` give the command's own code, and 125 for cove's own failures.
    """
    gc.set_threshold(GARBAGE_THRESHOLD)
    _take_any_encoding()
    if argv is None:  # this process is the command
        take_endings()
    words = list(sys.argv[1:] if argv is None else argv)
    command = ""
    try:
        if words[:1] == ["devcontainer"]:
            from cove.cli.devcontainer import main as stand_in

            return stand_in(words[1:])
        from cove.cli.parser import parse

        args = parse(words)
        command = args.command
        return int(args.run(args))
    except CoveError as error:
        from cove.cli.failure import show_error

        return show_error(error, words, command)
    except KeyboardInterrupt as error:
        sys.stderr.write("\nInterrupted.\n")
        return end_code(error)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; nobody is left to tell
        return 0
    except Exception as error:  # noqa: BLE001 - the last boundary: a bug of cove's own keeps its traceback
        from cove.cli.failure import show_foreign_error

        return show_foreign_error(error, words, command)


def _take_any_encoding() -> None:
    """Let a terminal without Unicode, or a path that is none, cost a character and not the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
