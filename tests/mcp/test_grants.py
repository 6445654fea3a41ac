"""What is granted where."""

from __future__ import annotations

import pytest

from cove.errors import UsageError
from cove.mcp.grants import TOOLS, USUAL, Grant, Subject, allows, granted, parse_grant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nets", Grant("nets", USUAL)),
        ("nets=exec,up", Grant("nets", frozenset({"exec", "up"}))),
        ("nets*=up", Grant("nets*", frozenset({"up"}))),
        ("nets=", Grant("nets", frozenset())),
        (".", Grant("/home/ada", USUAL)),
        ("./nets=stop", Grant("/home/ada/nets", frozenset({"stop"}))),
        ("../x", Grant("/home/x", USUAL)),
        ("/srv/nets/", Grant("/srv/nets", USUAL)),
    ],
)
def test_words(text: str, expected: Grant) -> None:
    assert parse_grant(text, "/home/ada") == expected


@pytest.mark.parametrize(
    ("text", "named"), [("nets=rm", "rm"), ("=exec", "=exec"), ("", ""), ("x=exec,Up", "Up")]
)
def test_what_is_none(text: str, named: str) -> None:
    with pytest.raises(UsageError, match=f"`{named}` is nothing to grant"):
        parse_grant(text, "/")


NETS = Subject("nets", "/srv/nets", "/srv/nets")
BRANCH = Subject("nets-wide", "/data/worktrees/1/nets-wide", "/srv/nets")
OTHER = Subject("notes", "/srv/notes")


@pytest.mark.parametrize(
    ("grant", "subject", "expected"),
    [
        (Grant("nets", USUAL), NETS, True),
        (Grant("nets", USUAL), BRANCH, False),
        (Grant("nets*", USUAL), BRANCH, True),
        (Grant("*", USUAL), OTHER, True),
        (Grant("/srv/nets", USUAL), NETS, True),
        (Grant("/srv/nets", USUAL), BRANCH, True),
        (Grant("/srv/nets", USUAL), OTHER, False),
        (Grant("/srv", USUAL), NETS, False),
        (Grant("nets", frozenset({"logs"})), NETS, False),
    ],
)
def test_who_is_meant(grant: Grant, subject: Subject, expected: bool) -> None:
    assert allows([grant], subject, "exec") is expected


def test_grants_add_up() -> None:
    both = [Grant("nets", frozenset({"logs"})), Grant("/srv/nets", frozenset({"up"}))]
    assert granted(both, NETS) == ["logs", "up"]
    assert granted([Grant("*", frozenset(TOOLS))], NETS) == list(TOOLS)
    assert granted(both, OTHER) == []
