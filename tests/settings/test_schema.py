"""The schema of settings.toml says what the settings are, and the published copy is current."""

from __future__ import annotations

import json
from pathlib import Path

from cove.settings.schema import render_settings_schema
from cove.settings.settings import Settings

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "settings.schema.json"


def test_every_setting_is_in_it() -> None:
    schema = render_settings_schema()
    assert schema["additionalProperties"] is False
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == [*Settings._fields]
    assert properties["engine"] == {
        "description": "The engine to use, or ssh://HOST for that of another machine.",
        "type": "string",
        "anyOf": [{"enum": ["docker", "podman"]}, {"pattern": "ssh://"}],
    }
    assert properties["certificates"]["items"] == {"type": "string"}
    assert (properties["caches"]["type"], properties["caches"]["default"]) == ("boolean", True)
    assert properties["gateway_port"]["type"] == "integer"


def test_the_published_copy_is_current() -> None:
    """`cove config schema > docs/schemas/settings.schema.json` renews it."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == render_settings_schema()
