"""The JSON schema of `customizations.cove` in a devcontainer.json, beside the standard's own schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.spec.additions import KEYS

if TYPE_CHECKING:
    from cove.spec.jsonc import JsonValue

FILES = ("devcontainer.json", ".devcontainer.json")


def render_customizations_schema() -> dict[str, JsonValue]:
    """Return the schema (JSON Schema, draft 7) of a whole devcontainer.json, as far as cove adds to it."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "customizations.cove in devcontainer.json",
        "type": "object",
        "properties": {
            "customizations": {
                "type": "object",
                "properties": {
                    "cove": {
                        "description": "What cove adds to the standard.",
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {key.name: {"description": key.doc, **key.schema} for key in KEYS},
                    }
                },
            }
        },
    }
