"""`cove devcontainer run-user-commands`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from cove.cli.devcontainer.bound import make_request, make_stages, read_entered, take_dotfiles
from cove.cli.devcontainer.options import COMMANDS, CONTAINER, EVERYWHERE, FLAG, FOLDER, REMOTE
from cove.cli.devcontainer.target import find_container, open_target
from cove.cli.devcontainer.up import fail
from cove.workspace.plain import enter_plain, need_container, run_stages

if TYPE_CHECKING:
    import argparse

__all__ = ["OPTIONS", "fail", "run"]

OPTIONS = {
    **EVERYWHERE,
    **FOLDER,
    **CONTAINER,
    **REMOTE,
    **COMMANDS,
    "stop-for-personalization": FLAG._replace(doc="stop after the dotfiles"),
}


def run(args: argparse.Namespace) -> int:
    """Run the lifecycle commands that are due in a container that runs."""
    session, target, labels = open_target(args)
    take_dotfiles(session, args)
    container = need_container(find_container(session, args, labels))
    reading = read_entered(session, args, target, labels)
    plain = enter_plain(session, reading, make_request(session, args, labels), container)
    result = run_stages(session, plain, make_stages(args), lambda: None)
    document = {"outcome": "success", "result": result}
    sys.stdout.write(f"{json.dumps(document, separators=(',', ':'))}\n")
    return 0
