"""`cove devcontainer features package`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer.group import COMMON
from cove.cli.devcontainer.options import FLAG, Option
from cove.spec.collection import FEATURE
from cove.workspace.collection import make_output, read_collection, write_collection

if TYPE_CHECKING:
    import argparse

WORDS = ("<target>",)
OPTIONS = {
    "output-folder": Option("where the archives go; made if missing", default="./output", alias="o"),
    "force-clean-output-folder": FLAG._replace(doc="remove that folder first", alias="f"),
    **COMMON,
}


def run(args: argparse.Namespace) -> int:
    """Pack one Feature, or each one of a folder."""
    session = open_session(args)
    target = os.path.join(session.machine.cwd, args.target)
    output = os.path.join(session.machine.cwd, args.output_folder)
    make_output(output, target, clean=args.force_clean_output_folder)
    packed = read_collection(session, target, FEATURE, leave_out=os.path.normpath(output))
    write_collection(output, FEATURE, packed)
    return 0
