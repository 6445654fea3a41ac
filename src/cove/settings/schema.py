"""The JSON schema of settings.toml, for editors that check TOML (Even Better TOML, taplo, tombi)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.settings.settings import KEYS, Settings

if TYPE_CHECKING:
    from cove.settings.settings import Key

TYPES = {bool: "boolean", int: "integer", str: "string", tuple: "array", dict: "object"}


def render_settings_schema() -> dict[str, object]:
    """Return the schema (JSON Schema, draft 7)."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "cove's settings",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.field: _render(key) for key in KEYS},
    }


def _render(key: Key) -> dict[str, object]:
    default = getattr(Settings(), key.field)
    schema: dict[str, object] = {"description": key.doc, "type": TYPES[type(default)]}
    if isinstance(default, tuple):
        schema["items"] = {"type": "string"}
    if isinstance(default, dict):
        schema["additionalProperties"] = {"type": "string"}
    if key.or_with:
        schema["anyOf"] = [{"enum": [*key.choices]}, {"pattern": key.or_with}]
    elif key.choices:
        schema["enum"] = [*key.choices]
    if default:
        schema["default"] = default
    return schema
