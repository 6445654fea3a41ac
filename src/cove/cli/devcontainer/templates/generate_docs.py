"""`cove devcontainer templates generate-docs`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer.group import COMMON
from cove.cli.devcontainer.options import Option
from cove.spec.collection import TEMPLATE
from cove.spec.collection_docs import Whereabouts
from cove.workspace.collection import write_docs

if TYPE_CHECKING:
    import argparse

WORDS = ()
OPTIONS = {
    "project-folder": Option("the folder of the collection", default=".", alias="p"),
    "github-owner": Option("whose repository its source is in"),
    "github-repo": Option("the name of that repository"),
    **COMMON,
}


def run(args: argparse.Namespace) -> int:
    """Write the README.md of each Template in a folder."""
    session = open_session(args)
    where = Whereabouts(owner=args.github_owner, repository=args.github_repo, folder=args.project_folder)
    write_docs(session, os.path.join(session.machine.cwd, args.project_folder), TEMPLATE, where)
    return 0
