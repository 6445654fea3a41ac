"""`cove devcontainer templates metadata`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer import show_failure
from cove.cli.devcontainer.group import COMMON
from cove.errors import ConfigurationError, CoveError, NetworkError
from cove.spec.artifact import parse_published
from cove.spec.collection import render_json
from cove.workspace.features import open_registry
from cove.workspace.published import fetch_published

if TYPE_CHECKING:
    import argparse

    from cove.workspace.session import Session

WORDS = ("<templateId>",)
OPTIONS = COMMON


def run(args: argparse.Namespace) -> int:
    """Print the manifest that a Template was published with."""
    try:
        print(render_json(_read(open_session(args), args.templateId)))
    except CoveError as error:
        print("{}")
        return show_failure(error)
    return 0


def _read(session: Session, text: str) -> object:
    reference = parse_published(text)
    if reference is None:
        raise ConfigurationError(f"Failed to parse template ref for {text}")
    registry, _ = open_registry(session)
    published = fetch_published(registry, reference)
    if not published.metadata:
        raise ConfigurationError(
            f"Template resolved to '{published.canonical_id}' but does not contain metadata on its manifest.",
            hint="Ask the Template owner to republish this Template to populate the manifest.",
        )
    try:
        return json.loads(published.metadata)
    except ValueError as error:
        raise NetworkError(f"the metadata of '{published.canonical_id}' is no JSON: {error}") from error
