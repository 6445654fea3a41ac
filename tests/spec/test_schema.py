"""The schema of `customizations.cove` says what may be said, and the published copy is current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cove.spec.additions import KEYS
from cove.spec.schema import render_customizations_schema

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "devcontainer.schema.json"


def test_every_key_is_in_it() -> None:
    schema: Any = render_customizations_schema()
    cove = schema["properties"]["customizations"]["properties"]["cove"]
    assert cove["additionalProperties"] is False
    assert {name: member["description"] for name, member in cove["properties"].items()} == {
        key.name: key.doc for key in KEYS
    }
    assert "additionalProperties" not in schema  # the rest is the standard's


def test_the_published_copy_is_current() -> None:
    """`cove config schema devcontainer > docs/schemas/devcontainer.schema.json` renews it."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == render_customizations_schema()
