"""A Template's options and files."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.jsonc import parse_jsonc
from cove.spec.template import add_features, choose_values, is_omitted, substitute_options


def test_values() -> None:
    manifest: Any = {
        "options": {
            "text": {"type": "string", "default": "a"},
            "given": {"type": "string", "default": "a"},
            "off": {"type": "boolean", "default": False},
            "on": {"type": "boolean", "default": True},
            "none": {"type": "string"},
            "odd": 3,
        }
    }
    assert choose_values(manifest, {"given": "g", "more": "m"}) == {
        "text": "a", "given": "g", "off": "false", "on": "true", "more": "m",
    }  # fmt: skip
    assert choose_values({"options": []}, {}) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"${templateOption:a}-${templateOption: a }", b"1-1"),
        (b"${templateOption:unknown}", b""),
        (
            b"${templateOption:}${templateOption:a b}${localEnv:a}",
            b"${templateOption:}${templateOption:a b}${localEnv:a}",
        ),
        (b"\xff\0${templateOption:a}", b"\xff\x001"),
    ],
)
def test_substituted(text: bytes, expected: bytes) -> None:
    assert substitute_options(text, {"a": "1"}) == expected


@given(st.binary(max_size=60))
def test_other_bytes_stay(content: bytes) -> None:
    assert substitute_options(content, {}) == content or b"templateOption" in content


@pytest.mark.parametrize(
    ("name", "omitted"),
    [
        ("README.md", True),
        ("sub/README.md", False),
        ("a/b", True),
        ("ab", False),
        ("c.txt", True),
        ("c.txt2", False),
        ("devcontainer-template.json", True),
    ],
)
def test_omitted(name: str, omitted: bool) -> None:
    assert is_omitted(name, ("a/*", "c.txt")) is omitted


def test_features_are_added() -> None:
    text = '{\n  // base\n  "image": "x",\n}'
    added = add_features(text, (("ghcr.io/a/b/c:1", {"v": "1"}), ("ghcr.io/a/b/d", None)), "p")
    assert "// base" in added
    assert parse_jsonc(added, "p") == {
        "image": "x",
        "features": {"ghcr.io/a/b/c:1": {"v": "1"}, "ghcr.io/a/b/d": {}},
    }
    assert parse_jsonc(add_features(added, (("ghcr.io/a/b/d", {"x": True}),), "p"), "p") == {
        "image": "x",
        "features": {"ghcr.io/a/b/c:1": {"v": "1"}, "ghcr.io/a/b/d": {"x": True}},
    }
    with pytest.raises(ConfigurationError):
        add_features("{", (("a", {}),), "p")
