"""The table of extensions that other editors may not use."""

from __future__ import annotations

from cove.ide.equivalents import EQUIVALENTS, NEEDLESS
from cove.ide.gallery import EXTENSION_ID


def test_the_tables_hold_ids_and_agree() -> None:
    for name in (*EQUIVALENTS, *EQUIVALENTS.values(), *NEEDLESS):
        assert EXTENSION_ID.fullmatch(name), name
        assert name == name.lower()
    assert not set(EQUIVALENTS) & set(NEEDLESS)
    assert not set(EQUIVALENTS.values()) & (set(EQUIVALENTS) | set(NEEDLESS))
