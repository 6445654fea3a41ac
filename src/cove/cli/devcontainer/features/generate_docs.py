"""`cove devcontainer features generate-docs`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer.group import COMMON
from cove.cli.devcontainer.options import Option
from cove.spec.collection import FEATURE
from cove.spec.collection_docs import Whereabouts
from cove.workspace.collection import write_docs

if TYPE_CHECKING:
    import argparse

WORDS = ()
OPTIONS = {
    "project-folder": Option("the folder of the collection", default=".", alias="p"),
    "registry": Option("the registry it is published in", default="ghcr.io", alias="r"),
    "namespace": Option("the collection's name there: OWNER/REPOSITORY", alias="n", needed=True),
    "github-owner": Option("whose repository its source is in"),
    "github-repo": Option("the name of that repository"),
    **COMMON,
}


def run(args: argparse.Namespace) -> int:
    """Write the README.md of each Feature in a folder."""
    session = open_session(args)
    where = Whereabouts(
        args.registry, args.namespace, args.github_owner, args.github_repo, args.project_folder
    )
    write_docs(session, os.path.join(session.machine.cwd, args.project_folder), FEATURE, where)
    return 0
