"""Steps, their times, and the file the gateway's page reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.workspace.progress import Progress, ProgressFile

if TYPE_CHECKING:
    from pathlib import Path


def test_times_add_up_by_name_and_failures_are_told(tmp_path: Path) -> None:
    path = tmp_path / "ID" / "progress.jsonl"
    file = ProgressFile(str(path))
    progress = Progress(file)
    with progress.step("image", "one") as step:
        step.line("a")
    with pytest.raises(ValueError, match="boom"), progress.step("image", "two"):
        raise ValueError("boom")
    file.close()
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["event"] for event in events] == ["begin", "line", "end", "begin", "end"]
    assert [event["failed"] for event in events if event["event"] == "end"] == [False, True]
    assert set(progress.timings) == {"image"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
