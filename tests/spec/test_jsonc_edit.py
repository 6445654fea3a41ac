"""Members set in JSON with comments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.jsonc import parse_jsonc
from cove.spec.jsonc_edit import find_spans, set_member


@pytest.mark.parametrize(
    ("text", "keys", "expected"),
    [
        ("{}", (), '{\n\t"n": 1\n}'),
        ('{"a": 1}', (), '{"a": 1,\n"n": 1}'),
        ('{\n  "a": 1\n}', (), '{\n  "a": 1,\n  "n": 1\n}'),
        ('{\n  "a": 1, // one\n}', (), '{\n  "a": 1,\n  "n": 1, // one\n}'),
        ('{\n  "n": [1, 2] // old\n}', (), '{\n  "n": 1 // old\n}'),
        ("{\n  // none yet\n}", (), '{\n  "n": 1\n  // none yet\n}'),
        ('{\n    "a": {},\n}', ("a",), '{\n    "a": {\n        "n": 1\n    },\n}'),
        ('{"a": 1, "a": {"b": 2}}', ("a",), '{"a": 1, "a": {"b": 2,\n"n": 1}}'),
        ('{"a": 1, "b": 2, "a": 3}', (), '{"a": 1, "b": 2, "a": 3,\n"n": 1}'),
        ('{"a": {"n": 0}, "a": {}}', ("a",), '{"a": {"n": 0}, "a": {\n\t"n": 1\n}}'),
        ('{"l": [{"b": "]"}]}', ("l", 0), '{"l": [{"b": "]",\n"n": 1}]}'),
    ],
)
def test_set(text: str, keys: tuple[str | int, ...], expected: str) -> None:
    assert set_member(text, keys, "n", 1, "p") == expected


def test_objects_are_written_as_the_file_is() -> None:
    text = set_member('{\n  "a": {\n    "b": 1\n  }\n}', ("a",), "c", {"d": [True]}, "p")
    assert text == '{\n  "a": {\n    "b": 1,\n    "c": {\n      "d": [\n        true\n      ]\n    }\n  }\n}'


@pytest.mark.parametrize(("text", "keys"), [('{"a": 1}', ("a",)), ("{}", ("a",)), ('{"a": []}', ("a",))])
def test_no_object(text: str, keys: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="is no object"):
        set_member(text, keys, "n", 1, "p")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"/* ', max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
OBJECTS = st.dictionaries(st.text('ab"/ ', max_size=2), VALUES, max_size=4)


@given(OBJECTS, st.text('ab"{', max_size=2), VALUES, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_only_that_member_changes(
    document: dict[str, Any], name: str, value: Any, indent: Any, commented: bool
) -> None:
    text = json.dumps(document, indent=indent)
    if commented:
        text = f"// a {{ comment\n{text[:-1]} /* }} */ {text[-1]}"
    assert parse_jsonc(set_member(text, (), name, value, "p"), "p") == {**document, name: value}


@given(VALUES)
def test_spans_hold_their_values(value: Any) -> None:
    text = json.dumps(value)
    span = find_spans(text)[()]
    assert json.loads(text[span.start : span.end]) == value
