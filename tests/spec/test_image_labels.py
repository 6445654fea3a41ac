"""Labels as lines of a Dockerfile; tests/live/test_reference_build.py lets podman read them."""

from __future__ import annotations

import pytest

from cove.spec.image_labels import render_labels


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain", 'LABEL "k"="plain"'),
        ("$HOME ${x:y}", r'LABEL "k"="\$HOME \${x:y}"'),
        ('[{"a":"b\\"c"}]', r'LABEL "k"="[{\"a\":\"b\\\"c\"}]"'),
        ("", 'LABEL "k"=""'),
    ],
)
def test_a_value_stays_word_for_word(value: str, line: str) -> None:
    assert render_labels("base", {"k": value}) == f"FROM base\n{line}\n"
