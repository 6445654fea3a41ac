"""How errors look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli.failure import show_bug, show_error
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
