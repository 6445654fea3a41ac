from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main
from cove.spec.sync import SyncPlan

if TYPE_CHECKING:
    from cove.workspace.session import Session


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, bool]]:
    calls: list[tuple[str | None, bool]] = []

    def sync(session: Session, word: str | None, *, both_ways: bool) -> tuple[str, SyncPlan]:
        calls.append((word, both_ways))
        return "box", SyncPlan(send=("train.py",), conflicts=("notes.md",))

    monkeypatch.setattr("cove.cli.sync.sync_workspace", sync)
    return calls


def test_it_tells_what_it_did(asked: list[tuple[str | None, bool]], capsys: Any) -> None:
    assert main(["sync", "digits"]) == 0
    assert capsys.readouterr().out == "box is in step: 2 sent\n"
    assert main(["sync", "--both", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["conflicts"] == ["notes.md"]
    assert asked == [("digits", False), (None, True)]
