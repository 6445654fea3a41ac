"""`cove devcontainer outdated`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from cove.cli.devcontainer import show_failure as fail
from cove.cli.devcontainer.options import EVERYWHERE, FOLDER, Option
from cove.cli.devcontainer.target import open_session, read_target
from cove.spec.outdated import render_versions, render_versions_table
from cove.workspace.upgrade import read_outdated

if TYPE_CHECKING:
    import argparse

__all__ = ["OPTIONS", "fail", "run"]

OPTIONS = {
    **{name: option for name, option in EVERYWHERE.items() if not name.startswith("docker-")},
    "workspace-folder": FOLDER["workspace-folder"],
    "config": FOLDER["config"],
    "output-format": Option("of what is printed", choices=("text", "json"), default="text"),
}


def run(args: argparse.Namespace) -> int:
    """Print which releases the configuration's Features have, beside those that are used."""
    args.id_label, args.override_config, args.mount_workspace_git_root, args.docker_path = [], "", True, ""
    session = open_session(args)
    target = read_target(session, args)
    found = read_outdated(session, target.config_path, target.document.get("features") or {})
    if args.output_format == "text":
        text = render_versions_table(found)
    else:
        document = {"features": {name: render_versions(one) for name, one in found.items()}}
        text = (
            json.dumps(document, indent=2)
            if sys.stdout.isatty()
            else json.dumps(document, separators=(",", ":"))
        )
    sys.stdout.write(f"{text}\n")
    return 0
