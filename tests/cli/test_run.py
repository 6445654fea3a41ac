"""`cove run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from cove.testing import FakeEngine


@pytest.mark.parametrize(
    "words", [["digits", "python", "x.py"], ["digits", "-e", "A=1", "--", "python", "x.py"]]
)
def test_the_commands_own_code(engine: FakeEngine, folder: str, words: list[str]) -> None:
    engine.runner.answer("docker exec python x.py", code=9)
    assert main(["run", *words]) == 9
    assert engine.execs[-1].env.get("A") == ("1" if "-e" in words else None)
    assert engine.containers({}) == []


def test_the_folder_you_stand_in(engine: FakeEngine, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert main(["run", "--", "ls"]) == 0


def test_coves_own_failures_are_125(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "nowhere", "--", "ls"]) == 125
    assert "nowhere does not exist" in capsys.readouterr().err
