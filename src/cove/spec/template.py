"""A Template's options, and which of its files are applied. Source: the specification's "Dev Container Templates reference"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cove.spec.jsonc import parse_jsonc_object
from cove.spec.jsonc_edit import set_member

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.jsonc import JsonValue

OPTION = re.compile(rb"\$\{templateOption:\s*(\w+?)\s*\}")
NEVER_APPLIED = ("devcontainer-template.json", "README.md", "NOTES.md")
"""What tells of a Template, and is no part of the repository it is applied to."""


def choose_values(manifest: Mapping[str, JsonValue], given: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each option: as given, else its default."""
    options = manifest.get("options")
    values = dict(given)
    for name, said in (options if isinstance(options, dict) else {}).items():
        default = said.get("default") if isinstance(said, dict) else None
        if isinstance(default, str | bool):
            values.setdefault(name, default if isinstance(default, str) else str(default).lower())
    return values


def substitute_options(content: bytes, values: Mapping[str, str]) -> bytes:
    """Return a file with its `${templateOption:…}` replaced; an option nobody has a value for becomes empty.

    >>> substitute_options(b"FROM debian:${templateOption: tag }", {"tag": "12"})
    b'FROM debian:12'
    """
    return OPTION.sub(lambda found: values.get(found[1].decode(), "").encode(), content)


def is_omitted(name: str, omitted: Sequence[str]) -> bool:
    """Return whether a file is left out: named as it is, or below a folder that is named as `folder/*`."""
    return any(
        name.startswith(path[:-1]) if path.endswith("/*") else name == path
        for path in (*omitted, *NEVER_APPLIED)
    )


def add_features(text: str, features: Sequence[tuple[str, JsonValue]], path: str) -> str:
    """Return a devcontainer.json with Features added, its comments kept. Raises ConfigurationError."""
    if not parse_jsonc_object(text, path).get("features"):
        text = set_member(text, (), "features", {}, path)
    for name, options in features:
        text = set_member(text, ("features",), name, {} if options is None else options, path)
    return text
