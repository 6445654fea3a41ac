"""`cove devcontainer templates apply`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.cli.context import open_session
from cove.cli.devcontainer.group import COMMON
from cove.cli.devcontainer.options import IGNORED, Option
from cove.errors import UsageError
from cove.spec.collection import render_json
from cove.spec.jsonc import parse_jsonc
from cove.workspace.apply_template import ApplyRequest, apply_template

if TYPE_CHECKING:
    import argparse

    from cove.spec.jsonc import JsonValue

WORDS = ()
OPTIONS = {
    "workspace-folder": Option("where its files go (default: the current folder)", alias="w"),
    "template-id": Option("its name in a registry, or a folder: ./NAME", alias="t", needed=True),
    "template-args": Option("its options, as JSON", default="{}", alias="a"),
    "features": Option('Features to add, as JSON: [{"id": …, "options": {…}}]', default="[]", alias="f"),
    "tmp-dir": IGNORED,
    "omit-paths": Option('files not to apply, as JSON: ["file", "folder/*"]', default="[]"),
    **COMMON,
}


def run(args: argparse.Namespace) -> int:
    """Put a Template's files into a folder; print which."""
    session = open_session(args)
    request = ApplyRequest(
        args.template_id,
        os.path.normpath(os.path.join(session.machine.cwd, args.workspace_folder)),
        parse_values(args.template_args),
        parse_features(args.features),
        parse_omitted(args.omit_paths),
    )
    print(render_json({"files": apply_template(session, request)}))
    return 0


def parse_values(text: str) -> dict[str, str]:
    """Return the options of a Template. Raises UsageError."""
    found = parse_jsonc(text, "--template-args")
    if not isinstance(found, dict):
        raise UsageError("Invalid template arguments provided.", hint="Expected an object.")
    values = {name: value for name, value in found.items() if isinstance(value, str)}
    if odd := sorted(found.keys() - values.keys()):
        raise UsageError(
            "Invalid template arguments provided.",
            hint=f"Expected a string for `{odd[0]}`, true and false too.",
        )
    return values


def parse_features(text: str) -> tuple[tuple[str, JsonValue], ...]:
    """Return the Features to add, with their options. Raises UsageError."""
    found = parse_jsonc(text, "--features")
    if not isinstance(found, list):
        raise UsageError("Invalid template arguments provided.", hint="Expected an array of Features.")
    features = []
    for each in found:
        name = each.get("id") if isinstance(each, dict) else None
        if not isinstance(each, dict) or not isinstance(name, str) or not name:
            raise UsageError("Invalid template arguments provided.", hint="Feature entry requires an Id.")
        features.append((name, each.get("options")))
    return tuple(features)


def parse_omitted(text: str) -> tuple[str, ...]:
    """Return what is not to be applied. Raises UsageError."""
    found = parse_jsonc(text, "--omit-paths") if text else []
    if not isinstance(found, list):
        raise UsageError(
            "Invalid '--omitPaths' argument provided.",
            hint="""Provide as a JSON array, eg: '[".github/*", "dir/a/*", "file.ts"]'""",
        )
    return tuple(path for path in found if isinstance(path, str))
