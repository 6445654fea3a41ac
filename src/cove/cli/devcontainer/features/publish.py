"""`cove devcontainer features publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.devcontainer.publishing import PUBLISH, publish
from cove.spec.collection import FEATURE

if TYPE_CHECKING:
    import argparse

WORDS = ("<target>",)
OPTIONS = PUBLISH


def run(args: argparse.Namespace) -> int:
    """Pack and publish one Feature, or each one of a folder."""
    return publish(args, FEATURE)
