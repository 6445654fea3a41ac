"""Semantic versions, and the tags under which a release is published. Source: semver.org 2.0.0; the reference CLI's tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

NUMBER = r"(0|[1-9]\d{0,15})"
VERSION = re.compile(
    rf"v?{NUMBER}\.{NUMBER}\.{NUMBER}(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)


class Version(NamedTuple):
    """A release's version; these compare as the specification says."""

    major: int
    minor: int
    patch: int
    final: bool
    """Not a pre-release: it comes after those."""
    pre: tuple[tuple[bool, int, str], ...] = ()
    """The words of a pre-release: numbers come before words."""


def parse_version(text: str) -> Version | None:
    """Return a version, or None for what is none.

    >>> parse_version("1.2.3")
    Version(major=1, minor=2, patch=3, final=True, pre=())
    """
    found = VERSION.fullmatch(text.strip())
    if found is None:
        return None
    words = found[4].split(".") if found[4] else []
    if any(word.isdigit() and word != "0" and word.startswith("0") for word in words):
        return None
    pre = tuple((not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in words)
    return Version(int(found[1]), int(found[2]), int(found[3]), not pre, pre)


def choose_tags(version: str, published: Iterable[str]) -> list[str]:
    """Return the tags to publish a version under, where those of `published` are there; none where it is there itself.

    >>> choose_tags("1.2.3", ["1", "1.3", "1.3.0", "latest"])
    ['1.2', '1.2.3']
    """
    there = list(published)
    mine = parse_version(version)
    if mine is None:
        raise ValueError(f"{version!r} is not a semantic version")
    if version in there:
        return []
    finals = [found for tag in there if (found := parse_version(tag)) and found.final]
    kin = [found for found in finals if found.major == mine.major]
    tags = [f"{mine.major}"] * _is_newest(mine, kin)
    tags += [f"{mine.major}.{mine.minor}"] * _is_newest(
        mine, [found for found in kin if found.minor == mine.minor]
    )
    return [*tags, version, *["latest"] * _is_newest(mine, finals)]


def _is_newest(version: Version, others: Iterable[Version]) -> bool:
    return all(version > other for other in others)
