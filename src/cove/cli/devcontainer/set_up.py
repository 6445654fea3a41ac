"""`cove devcontainer set-up`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from cove.cli.devcontainer.bound import make_request, make_stages, read_entered, take_dotfiles
from cove.cli.devcontainer.options import COMMANDS, CONTAINER, EVERYWHERE, FLAG, FOLDER, REMOTE
from cove.cli.devcontainer.read_configuration import merge
from cove.cli.devcontainer.target import bind_container, find_container, open_session, read_target
from cove.cli.devcontainer.up import fail
from cove.workspace.plain import enter_plain, need_container, run_stages

if TYPE_CHECKING:
    import argparse

    from cove.spec.reference import Document

__all__ = ["OPTIONS", "fail", "run"]

OPTIONS = {
    **{name: option for name, option in EVERYWHERE.items() if name != "docker-compose-path"},
    **REMOTE,
    "container-id": CONTAINER["container-id"]._replace(needed=True),
    "config": FOLDER["config"],
    "skip-post-create": FLAG._replace(doc="run no lifecycle command, install no dotfiles"),
    "skip-non-blocking-commands": COMMANDS["skip-non-blocking-commands"],
    **{name: option for name, option in COMMANDS.items() if name.startswith("dotfiles-")},
    "include-configuration": FLAG._replace(doc="print the configuration too"),
    "include-merged-configuration": FLAG._replace(doc="print the merged configuration too"),
}


def run(args: argparse.Namespace) -> int:
    """Run in a container, whoever made it, what its metadata and the file say, and print the configuration."""
    args.workspace_folder, args.id_label, args.override_config, args.mount_workspace_git_root = (
        "",
        [],
        "",
        True,
    )
    session = open_session(args)
    target = read_target(session, args)
    take_dotfiles(session, args)
    container = need_container(find_container(session, args, {}))
    reading = read_entered(session, args, target, {})
    plain = enter_plain(session, reading, make_request(session, args, {}), container)
    run_stages(session, plain, make_stages(args), lambda: None)
    bound = bind_container(target, container, {})
    document: Document = {"outcome": "success"}
    if args.include_configuration:
        document["configuration"] = bound.document
    if args.include_merged_configuration:
        document["mergedConfiguration"] = merge(session, bound, container, {})
    sys.stdout.write(f"{json.dumps(document, ensure_ascii=False, separators=(',', ':'))}\n")
    return 0
