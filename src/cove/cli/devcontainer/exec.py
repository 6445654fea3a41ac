"""`cove devcontainer exec`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cove.cli.devcontainer import show_failure as fail
from cove.cli.devcontainer.bound import make_request, read_entered
from cove.cli.devcontainer.options import CONTAINER, EVERYWHERE, FOLDER, REMOTE
from cove.cli.devcontainer.target import find_container, open_target
from cove.errors import UsageError
from cove.spec.run import ExecRequest
from cove.workspace.plain import enter_plain, need_container

if TYPE_CHECKING:
    import argparse

__all__ = ["OPTIONS", "fail", "run"]

POSITIONALS = None
"""The command and its words."""
OPTIONS = {**EVERYWHERE, **FOLDER, **CONTAINER, **REMOTE}


def run(args: argparse.Namespace) -> int:
    """Run a command in the container, with the person's terminal if there is one; return its exit code."""
    if not args.rest:
        raise UsageError("Not enough non-option arguments: got 0, need at least 1")
    session, target, labels = open_target(args)
    container = need_container(find_container(session, args, labels))
    request = make_request(session, args, labels)
    record = enter_plain(session, read_entered(session, args, target, labels), request, container).record
    tty = sys.stdin.isatty() and sys.stdout.isatty()
    asked = ExecRequest(
        container.id,
        args.rest,
        user=record.user,
        workdir=record.workspace_folder,
        env=record.env,
        interactive=True,
        tty=tty,
    )
    return session.runner.attach(session.engine.exec_command(asked))
