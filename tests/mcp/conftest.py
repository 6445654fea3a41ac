from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cove.api import Completed, Event
from cove.errors import NotFound
from cove.spec.ports import Port

if TYPE_CHECKING:
    from collections.abc import Sequence


class FakeWorkspace:
    """As much of a workspace as agents see."""

    engine, user, state = "docker", "dev", "running"

    def __init__(self, name: str, folder: str) -> None:
        self.name, self.folder = name, folder
        self.workspace_folder = f"/workspaces/{name}"
        self.created = True
        self.ran: list[tuple[Sequence[str], dict[str, Any]]] = []
        self.stopped = False

    def exec(self, argv: Sequence[str], **words: Any) -> Completed:
        self.ran.append((argv, words))
        return Completed(tuple(argv), 3, "x" * 60_000, "failed")

    def logs(self) -> list[str]:
        return ["one", "two"]

    def ports(self) -> tuple[Port, ...]:
        return (Port(6006, "TensorBoard", listening=True),)

    def stop(self) -> None:
        self.stopped = True


class FakeApi:
    """`cove.api` with two workspaces."""

    def __init__(self) -> None:
        self.there = [FakeWorkspace("nets", "/srv/nets"), FakeWorkspace("notes", "/srv/notes")]
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def workspaces(self) -> list[FakeWorkspace]:
        return self.there

    def find(self, word: str | None, **_: Any) -> FakeWorkspace:
        for one in self.there:
            if word in {one.name, one.folder}:
                return one
        raise NotFound(f"no workspace `{word}`")

    def up(self, folder: str, *, on_event: Any, **words: Any) -> FakeWorkspace:
        self.asked.append((folder, words))
        on_event(Event("begin", "image", "building"))
        on_event(Event("line", "image", "a line"))
        return FakeWorkspace("nets", folder)

    def gpus(self) -> dict[str, object]:
        return {"gpus": []}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    monkeypatch.setattr("cove.mcp.desks.api", fake)
    return fake
