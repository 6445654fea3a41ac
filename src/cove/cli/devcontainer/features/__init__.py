"""`cove devcontainer features`: what authors of Features do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli.devcontainer.group import run_group

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "package": "pack Features, and tell of them in devcontainer-collection.json",
    "publish": "pack Features and publish them in a registry",
    "info": "tell what a registry knows of a Feature",
    "resolve-dependencies": "tell which Features a configuration installs, in which order",
    "test": "try Features in containers",
    "generate-docs": "write each Feature's README.md",
}


def main(words: Sequence[str]) -> int:
    """Run one of the commands; return its exit code."""
    return run_group("features", COMMANDS, words)
