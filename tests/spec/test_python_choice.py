"""Which Python a repository gets, by what it asks for."""

from __future__ import annotations

import pytest

from cove.spec.python_choice import choose_python, fits


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [
        ("3.11", "", True),
        ("3.11", "3.11", True),
        ("3.11", "3.11.4", True),
        ("3.12", "3.11.4", False),
        ("3.11", ">=3.9,<3.12", True),
        ("3.12", ">=3.9, <3.12", False),
        ("3.11", ">=3.12", False),
        ("3.11", "==3.11.*", True),
        ("3.11", "!=3.11", False),
        ("3.11", "!=3.11.2", True),
        ("3.11", ">3.11", False),
        ("3.11", ">3.11.2", True),
        ("3.11", "<3.11.9", True),
        ("3.11", "<3.11.0", False),
        ("3.11", "<=3.11", True),
        ("3.11", "<4", True),
        ("3.11", "^3.9", True),
        ("3.11", "^2.7", False),
        ("3.11", "~3.11", True),
        ("3.12", "~3.11", False),
        ("3.12", "~=3.9", True),
        ("3.12", "~=3.11.2", False),
        ("3.11", "3", True),
        ("3.11", "pypy3.10", False),
    ],
)
def test_fits(version: str, specifier: str, *, expected: bool) -> None:
    assert fits(version, specifier) is expected


@pytest.mark.parametrize(
    ("asked", "version", "base"),
    [
        ("", "3.11", "debian:bookworm-slim"),
        (">=3.9", "3.11", "debian:bookworm-slim"),
        (">=3.12", "3.13", "debian:trixie-slim"),
        ("3.12", "3.12", "python:3.12-slim-bookworm"),
        ("3.10.4", "3.10", "python:3.10-slim-bookworm"),
        ("2.7", "3.11", "debian:bookworm-slim"),
    ],
)
def test_choose(asked: str, version: str, base: str) -> None:
    choice = choose_python(asked, "pyproject.toml")
    assert (choice.version, choice.base) == (version, base)
    assert choice.is_debian == base.startswith("debian")
    assert asked in choice.reason


def test_what_a_file_asks_for_stays_on_its_line() -> None:
    """It becomes a comment of a Dockerfile, and a line on a terminal."""
    reason = choose_python("3.11\nRUN evil\x1b[31m" + "x" * 100, "setup.cfg").reason
    assert "\n" not in reason
    assert "\x1b" not in reason
    assert len(reason) < 130
