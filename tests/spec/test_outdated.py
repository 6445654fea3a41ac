"""Releases of a Feature; tests/live/test_reference_upgrade.py compares with the reference."""

from __future__ import annotations

import pytest

from cove.spec.outdated import (
    TARGET,
    Versions,
    choose_versions,
    pin_feature,
    render_versions,
    render_versions_table,
    without_version,
)

TAGS = ("latest", "1", "1.1", "1.0.0", "1.1.0", "1.10.0", "2", "2.0.0", "3.0.0-rc.1", "x")


@pytest.mark.parametrize(
    ("tag", "locked", "expected"),
    [
        ("latest", "", Versions("3.0.0-rc.1", "3.0.0-rc.1", "3.0.0-rc.1")),
        ("1", "", Versions("1.10.0", "1.10.0", "3.0.0-rc.1")),
        ("1.1", "", Versions("1.1.0", "1.1.0", "3.0.0-rc.1")),
        ("1.1.0", "1.0.0", Versions("1.0.0", "1.1.0", "3.0.0-rc.1")),
        ("3", "", Versions("", "", "3.0.0-rc.1")),
        ("3.0.0-rc.1", "", Versions("3.0.0-rc.1", "3.0.0-rc.1", "3.0.0-rc.1")),
        ("", "1.0.0", Versions("1.0.0", "1.0.0", "3.0.0-rc.1")),
        ("", "", Versions("7.0.0", "7.0.0", "3.0.0-rc.1")),
    ],
)
def test_releases(tag: str, locked: str, expected: Versions) -> None:
    assert choose_versions(TAGS, tag, locked=locked, of_digest="7.0.0") == expected


def test_no_release() -> None:
    assert choose_versions((), "1", locked="") == Versions()
    assert render_versions(Versions()) == {}
    assert render_versions(Versions("1.0.0", "1.2.0", "2.0.0")) == {
        "current": "1.0.0", "wanted": "1.2.0", "wantedMajor": "1", "latest": "2.0.0", "latestMajor": "2",
    }  # fmt: skip


def test_the_table() -> None:
    table = render_versions_table({"h.io/a/b:1": Versions("1.0.0", "1.10.0", "2.0.0"), "h.io/c": Versions()})
    assert table.splitlines() == [
        "Feature   Current  Wanted  Latest",
        "h.io/a/b  1.0.0    1.10.0  2.0.0",
        "h.io/c    -        -       -",
    ]


def test_pinned() -> None:
    text = '{"features": {"h.io/a/b:1": {}, "h.io/a/b-more:1": {}}, // h.io/a/b:1\n"x": "h.io/a/b"}'
    names = ("h.io/a/b-more:1", "h.io/a/b:1")
    assert pin_feature(text, names, "h.io/a/b@sha256:0", "2.1") == text.replace('b:1": {}', 'b:2.1": {}')
    assert pin_feature(text, names, "h.io/other", "2") == text


@pytest.mark.parametrize(("text", "valid"), [("1", True), ("1.2.3", True), ("1.2.3.4", False), ("v1", False)])
def test_versions_to_pin(text: str, *, valid: bool) -> None:
    assert bool(TARGET.fullmatch(text)) is valid
    assert without_version("a.io:5000/b") == "a.io:5000/b"
