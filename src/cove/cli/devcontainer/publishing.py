"""What `features publish` and `templates publish` have in common: all but the kind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer.group import COMMON
from cove.cli.devcontainer.options import Option
from cove.spec.collection import render_json
from cove.workspace.collection import read_collection
from cove.workspace.published import Place, publish_collection

if TYPE_CHECKING:
    import argparse

    from cove.spec.collection import Kind

PUBLISH = {
    "registry": Option("the registry", default="ghcr.io", alias="r"),
    "namespace": Option("the collection's name there: OWNER/REPOSITORY", alias="n", needed=True),
    **COMMON,
}


def publish(args: argparse.Namespace, kind: Kind) -> int:
    """Pack and publish what the target folder holds; print what was published."""
    session = open_session(args)
    packed = read_collection(session, os.path.join(session.machine.cwd, args.target), kind)
    result = publish_collection(session, packed, kind, Place(args.registry, args.namespace))
    sys.stdout.write(f"{render_json(result)}\n")
    return 0
