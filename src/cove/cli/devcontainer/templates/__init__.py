"""`cove devcontainer templates`: Templates applied, and what their authors do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.devcontainer.group import run_group

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "apply": "put a Template's files into a folder",
    "publish": "pack Templates and publish them in a registry",
    "metadata": "print the manifest of a published Template",
    "generate-docs": "write each Template's README.md",
}


def main(words: Sequence[str]) -> int:
    """Run one of the commands; return its exit code."""
    return run_group("templates", COMMANDS, words)
