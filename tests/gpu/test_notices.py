from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from cove.gpu.notices import read_notices, write_notice

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_written_is_read_and_withdrawn(tmp_path: Path) -> None:
    path = write_notice(str(tmp_path), "MIG-1/2", "abc", {"a": 1})
    assert path == f"{tmp_path}/MIG-1_2.{os.geteuid()}.abc"
    assert os.stat(path).st_mode & 0o777 == 0o644
    write_notice(str(tmp_path), "0000:03:00.0", "abc", {"b": 2})
    first, second = read_notices(str(tmp_path))
    assert (first.owner, first.document, second.document) == (os.geteuid(), {"b": 2}, {"a": 1})
    second.withdraw()
    second.withdraw()
    assert [notice.document for notice in read_notices(str(tmp_path))] == [{"b": 2}]


def test_only_the_owners_word_counts(tmp_path: Path) -> None:
    other = tmp_path / f"a.{os.geteuid() + 1}.x"
    other.write_text("{}")
    (tmp_path / f"b.{os.geteuid()}.x").write_text("[]")
    (tmp_path / f"c.{os.geteuid()}.x").write_text("{")
    (tmp_path / f"d.{os.geteuid()}.x").symlink_to(tmp_path / "whole")
    (tmp_path / "whole").write_text(json.dumps({"a": 1}))
    (tmp_path / "lock").touch()
    (tmp_path / f".e.{os.geteuid()}.x").touch()
    found = list(read_notices(str(tmp_path)))
    assert [notice.document for notice in found] == [{}] * 4
    found[0].withdraw()
    assert other.exists()
