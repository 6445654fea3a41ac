"""The files of the profile and its copies."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.ide.copies import Given, read_given, read_own, read_replaceable, read_theirs, write_given, write_own
from cove.ide.shared import open_shared

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_given_is_remembered_beside_the_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    given = Given({"a": 1}, {}, [{"key": "x"}], {"p.json": "{}"}, ["a.b"], ["said"])
    assert read_given(str(data)) == Given()
    write_given(str(data), given)
    assert read_given(str(data)) == given
    assert os.listdir(data) == []


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_a_spoiled_note_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "given.json").write_text(text)
    assert read_given(str(tmp_path / "data")) == Given()


def test_own_files(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert read_own(str(path), {}) == {}
    path.write_text("// empty for now\n{}")
    write_own(str(path), {"a": "ü"})
    assert json.loads(path.read_text()) == {"a": "ü"}
    assert (tmp_path / "settings.json.before").read_text() == "// empty for now\n{}"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=r"settings\.json"):
        read_own(str(path), {})


def test_theirs_are_read_or_warned_of_and_set_aside_only_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    warnings: list[str] = []
    with open_shared(str(tmp_path)) as folder:
        assert folder is not None
        assert read_theirs(folder, "a.json", warnings) is None
        assert (tmp_path / "a.json").exists()
        assert read_replaceable(folder, "a.json", warnings) is None
        assert read_theirs(folder, "absent", warnings) is None
    assert os.listdir(tmp_path) == ["a.json.broken"]
    assert len(warnings) == 2
    assert "a.json:1" in warnings[0]
    assert "now a.json.broken" in warnings[1]
