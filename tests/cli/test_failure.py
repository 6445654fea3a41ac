"""How errors look."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest

from cove.cli.failure import explain_disk, show_bug, show_error, show_foreign_error
from cove.errors import BuildError, ConfigurationError, EngineError, NotFound, UsageError

if TYPE_CHECKING:
    from cove.errors import CoveError


@pytest.mark.parametrize(
    ("error", "command", "code"),
    [
        (ConfigurationError("bad", path="/a.json", line=3, column=5), "up", 3),
        (EngineError("none"), "up", 4),
        (EngineError("none"), "exec", 125),
        (NotFound("none"), "run", 125),
        (UsageError("words"), "exec", 2),
        (BuildError("failed"), "build", 5),
    ],
)
def test_codes(error: CoveError, command: str, code: int) -> None:
    assert show_error(error, [], command) == code


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    error = BuildError("step 3 failed", hint="Mend it.\nOr not.", detail="a\nb")
    show_error(error, [], "up")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "Error: step 3 failed\n\n  │ a\n  │ b\n\n  → Mend it.\n  → Or not.\n"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full: /h/state/x could not be written"),
        (errno.EDQUOT, "your share of the disk (quota) is used up: /h/state/x could not be written"),
        (errno.EROFS, "the file system is read-only: /h/state/x could not be written"),
        (errno.ENOENT, ""),
    ],
)
def test_a_disk_that_takes_no_more(number: int, said: str) -> None:
    error = explain_disk(OSError(number, "what the system says", "/h/state/x"))
    assert (error.message if error else "") == said
    assert error is None or "`df -h`" in error.hint
    assert show_foreign_error(OSError(number, "", "/x"), [], "up") == (11 if said else 70)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ConfigurationError("bad", path="/a.json", line=3, column=5, hint="h"), ["up", "--json"], "up")
    assert json.loads(capsys.readouterr().out) == {
        "error": "ConfigurationError",
        "message": "/a.json:3:5: bad",
        "hint": "h",
        "detail": "",
        "exitCode": 3,
    }


def test_a_bug_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("oops")
    except ValueError:
        assert show_bug("up") == 70
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "This is a bug in cove" in told
