from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError
from cove.gateway.directory import BUILD_SILENCE_SECONDS, LARGEST_PROGRESS, Directory
from cove.places.endpoints import remove_endpoint, write_endpoint

from .conftest import ENDPOINT, ID, KEYS, OTHER, OTHER_VIEW, VIEW, FakePlace

if TYPE_CHECKING:
    from cove.gateway.views import WorkspaceView
    from cove.host.machine import Machine


class Engine:
    """Lists what it is given, or fails."""

    def __init__(self, *views: WorkspaceView) -> None:
        self.views = list(views)
        self.asked = 0
        self.failure: EngineError | None = None

    def __call__(self) -> list[WorkspaceView]:
        self.asked += 1
        if self.failure:
            raise self.failure
        return self.views


@pytest.fixture
def engine() -> Engine:
    return Engine(VIEW, OTHER_VIEW)


@pytest.fixture
def directory(machine: Machine, engine: Engine) -> Directory:
    write_endpoint(machine, ENDPOINT)
    return Directory(machine, KEYS, FakePlace(), engine)


def say(machine: Machine, **event: object) -> Path:
    path = Path(machine.directories.state) / ID / "progress.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(event) + "\n")
    return path


def state(directory: Directory) -> str:
    view = directory.by_id(ID)
    return view.state if view else "unknown"


def test_workspaces_are_found_by_name_id_and_label(directory: Directory, engine: Engine) -> None:
    async def act() -> None:
        for word in ("digits", ID, KEYS.label("digits", ID)):
            found = await directory.find(word)
            assert found is not None
            assert found.id == ID
        assert engine.asked == 1
        assert await directory.find("nothing") is None

    asyncio.run(act())


def test_those_who_ask_at_once_share_an_answer(directory: Directory, engine: Engine) -> None:
    async def act() -> None:
        await asyncio.gather(*(directory.fresh_views() for _ in range(20)))
        await directory.fresh_views()
        assert engine.asked == 1

    asyncio.run(act())


def test_an_engine_that_does_not_answer_loses_nothing(directory: Directory, engine: Engine) -> None:
    async def act() -> None:
        await directory.refresh()
        engine.failure = EngineError("docker does not answer")
        await directory.refresh()
        assert directory.problem == "docker does not answer"
        assert [view.id for view in directory.views()] == [ID, OTHER]
        engine.failure = None
        await directory.refresh()
        assert directory.problem == ""

    asyncio.run(act())


def test_the_engine_decides_what_exists(
    directory: Directory, engine: Engine, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act() -> None:
        engine.views = []
        directory.register(VIEW, ENDPOINT)
        await directory.refresh()
        assert state(directory) == "running"  # `up` has only just said so
        monkeypatch.setattr("cove.gateway.directory.TOLD_SECONDS", 0.0)
        await directory.refresh()
        assert state(directory) == "unknown"

    asyncio.run(act())


def test_the_states_of_an_up(directory: Directory, engine: Engine, machine: Machine) -> None:
    async def act() -> None:
        await directory.refresh()
        assert state(directory) == "running"
        remove_endpoint(machine, ID)
        path = say(machine, event="begin", text="Build")
        directory.register(VIEW._replace(state="building"), None)
        for views in ([], [VIEW], [VIEW._replace(state="stopped")]):  # whatever the engine still has
            engine.views = views
            await directory.refresh()
            assert state(directory) == "building"
        say(machine, event="end", failed=True, text="Build")
        assert state(directory) == "failed"
        say(machine, event="end", failed=False, text="Build")
        old = time.time() - BUILD_SILENCE_SECONDS - 1
        os.utime(path, (old, old))
        assert state(directory) == "stopped"
        write_endpoint(machine, ENDPOINT)
        engine.views = [VIEW]
        await directory.refresh()
        assert state(directory) == "running"

    asyncio.run(act())


def test_a_workspace_that_was_removed_is_gone(directory: Directory) -> None:
    async def act() -> None:
        await directory.refresh()
        directory.forget(ID)
        assert state(directory) == "unknown"
        assert directory.id_of("digits") == ""

    asyncio.run(act())


def test_progress_is_read_in_whole_lines(directory: Directory, machine: Machine) -> None:
    assert directory.read_progress(ID, 0) == (0, [])
    path = say(machine, text="one")
    at, events = directory.read_progress(ID, 0)
    assert [event["text"] for event in events] == ["one"]
    with path.open("a") as file:
        file.write('{"text": "tw')
    assert directory.read_progress(ID, at) == (at, [])
    with path.open("a") as file:
        file.write('o"}\nnot json\n[1]\n')
    after, events = directory.read_progress(ID, at)
    assert [event["text"] for event in events] == ["two"]
    assert directory.read_progress(ID, after) == (after, [])
    path.write_text('{"text": "anew"}\n')  # a second `up`
    assert [event["text"] for event in directory.read_progress(ID, after)[1]] == ["anew"]


def test_a_long_log_comes_in_pieces(directory: Directory, machine: Machine) -> None:
    path = say(machine, text="first")
    path.write_text("".join(json.dumps({"text": f"{number:0100}"}) + "\n" for number in range(5000)))
    at, count = 0, 0
    while True:
        after, events = directory.read_progress(ID, at)
        if not events:
            break
        assert after - at <= LARGEST_PROGRESS
        at, count = after, count + len(events)
    assert count == 5000
