"""The words by which `up` and `build` take the lockfile of Features."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_lock_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --frozen-lockfile and --no-lockfile."""
    lock = parser.add_mutually_exclusive_group()
    lock.add_argument(
        "--frozen-lockfile", action="store_true", help="fail unless devcontainer-lock.json is there and fits"
    )
    lock.add_argument(
        "--no-lockfile", action="store_true", help="neither read nor write devcontainer-lock.json"
    )
