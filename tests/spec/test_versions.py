"""Versions, and the tags they are published under."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.spec.versions import choose_tags, parse_version

SORTED = [
    *("0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11"),
    *("1.0.0-rc.1", "1.0.0", "1.0.10"),
]


def test_order() -> None:
    """The example of semver.org, and a little around it."""
    found = [version for text in SORTED if (version := parse_version(text))]
    assert len(found) == len(SORTED)
    assert found == sorted(found)


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "latest", "1.x.0"]
)
def test_no_version(text: str) -> None:
    assert parse_version(text) is None


@pytest.mark.parametrize(
    ("version", "published", "tags"),
    [
        ("1.0.0", [], "1 1.0 1.0.0 latest"),
        ("1.0.1", ["1", "1.0", "1.0.0", "latest"], "1 1.0 1.0.1 latest"),
        ("1.0.1", ["1.0.0", "1.1.0"], "1.0 1.0.1"),
        ("1.1.0", ["1.0.0", "2.0.0"], "1 1.1 1.1.0"),
        ("0.9.0", ["1.0.0"], "0 0.9 0.9.0"),
        ("1.0.0", ["1", "1.0.0"], ""),
        ("1.0.0", ["2.0.0-rc.1", "nonsense"], "1 1.0 1.0.0 latest"),
        ("1.0.0", ["v1.0.0"], "1.0.0"),
        ("2.0.0-rc.1", ["1.0.0"], "2 2.0 2.0.0-rc.1 latest"),
    ],
)
def test_tags(version: str, published: list[str], tags: str) -> None:
    assert choose_tags(version, published) == tags.split()


def test_what_is_no_version_is_not_published() -> None:
    with pytest.raises(ValueError, match=r"'1\.0' is not a semantic version"):
        choose_tags("1.0", [])


VERSIONS = st.tuples(*[st.integers(0, 3)] * 3).map(lambda parts: ".".join(map(str, parts)))


@given(st.lists(VERSIONS, unique=True, max_size=12))
def test_tags_end_at_the_newest(order: list[str]) -> None:
    """Whatever the order of releases, `latest` and the shorter tags lead to the newest."""
    tagged: dict[str, str] = {}
    for version in order:
        tagged |= dict.fromkeys(choose_tags(version, tagged), version)
    newest = sorted(order, key=lambda text: [int(part) for part in text.split(".")])
    for version in newest:
        major, minor, _ = version.split(".")
        assert tagged[version] == version
        assert tagged[major] == [one for one in newest if one.startswith(f"{major}.")][-1]
        assert (
            tagged[f"{major}.{minor}"] == [one for one in newest if one.startswith(f"{major}.{minor}.")][-1]
        )
        assert tagged["latest"] == newest[-1]


@given(st.text(max_size=20))
def test_any_text(text: str) -> None:
    parse_version(text)
