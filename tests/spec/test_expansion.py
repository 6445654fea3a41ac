import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.spec.expansion import expand

KNOWN = {"A": "1", "EMPTY": "", "TAG": "3.12-slim"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python:$TAG", "python:3.12-slim"),
        ("python:${TAG}-x", "python:3.12-slim-x"),
        ("$A$A", "11"),
        ("$NOT", ""),
        ("${NOT:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NOT-d}", "d"),
        ("${A:+yes}", "yes"),
        ("${EMPTY:+yes}", ""),
        ("${EMPTY+yes}", "yes"),
        ("${NOT:-${A}b}", "1b"),
        ("${NOT:-a:1}", "a:1"),
        ("${A:?needed}", "1"),
        ("${A#x}", "1"),
        ('"quoted $A"', "quoted 1"),
        ("'single $A'", "single $A"),
        ("\\$A", "$A"),
        ('"\\$A \\n"', "$A \\n"),
        ("a\\ b", "a b"),
        ("$", "$"),
        ("${", "${"),
        ("${A", "1"),
        ("100%$-", "100%$-"),
        ("it's", "its"),
    ],
)
def test_expands(text: str, expected: str) -> None:
    assert expand(text, KNOWN) == expected


def test_the_escape_may_be_another_character() -> None:
    assert expand("C:\\x `$A $A", KNOWN, "`") == "C:\\x $A 1"


@given(st.text(st.sampled_from("ab:-/.0"), max_size=20))
def test_plain_texts_stay(text: str) -> None:
    assert expand(text, {}) == text


@given(st.text(st.sampled_from("${}:-+A\"'\\a#?"), max_size=25))
def test_any_text_expands_to_something(text: str) -> None:
    assert isinstance(expand(text, KNOWN), str)
