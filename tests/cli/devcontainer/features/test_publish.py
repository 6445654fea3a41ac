"""The command; tests/cli/devcontainer/test_publishing.py runs it."""

from __future__ import annotations

from cove.cli.devcontainer.features import publish


def test_words() -> None:
    assert publish.WORDS == ("<target>",)
    assert publish.OPTIONS["registry"].default == "ghcr.io"
