from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.gateway.starts import Failure, Starts, parse_failure

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine


@pytest.mark.parametrize(
    ("log", "failure"),
    [
        (
            'Error: x\n{"error": "BuildError", "message": "m", "detail": "d", "hint": "h", "exitCode": 5}\n',
            Failure("m", "d", "h"),
        ),
        ('{"error": "Refused", "message": "m", "hint": "h"}', Failure("m", "", "h", refused=True)),
        ("killed\n", Failure("`cove up` ended without a word of why", "killed")),
        ("", Failure("`cove up` ended without a word of why", "")),
    ],
)
def test_failures(log: str, failure: Failure) -> None:
    assert parse_failure(log) == failure


def repository(tmp_path: Path) -> str:
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x\n")
    return str(folder)


def wait(starts: Starts, workspace_id: str) -> int:
    for _ in range(500):
        if (code := starts.code(workspace_id)) is not None:
            return code
        time.sleep(0.02)
    raise TimeoutError


def test_one_at_a_time_and_what_became_of_it(machine: Machine, tmp_path: Path) -> None:
    program = tmp_path / "cove"
    told = json.dumps({"error": "Refused", "message": "no", "hint": "--trust"})
    program.write_text(f"#!/bin/sh\necho \"$@\"\nread line < {tmp_path}/go\necho '{told}'\nexit 10\n")
    program.chmod(0o755)
    os.mkfifo(tmp_path / "go")
    starts = Starts(machine, (str(program),))
    folder = repository(tmp_path)
    first = starts.begin(folder, trust=True)
    assert starts.code(first) is None
    assert starts.begin(folder, trust=False) == first, "it is at work"
    (tmp_path / "go").write_text("on\n")
    assert wait(starts, first) == 10
    assert starts.code(first) == 10, "also when asked again"
    assert starts.failure(first) == Failure("no", "", "--trust", refused=True)
    log = starts.log_path(first)
    assert os.stat(log).st_mode & 0o077 == 0
    with open(log) as file:
        assert file.readline().split() == ["up", folder, "--json", "--trust"]
    assert starts.name(first) == ""


def test_nothing_to_make_a_workspace_of(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="has no"):
        Starts(machine, ("false",)).begin(str(tmp_path / "empty"), trust=False)
