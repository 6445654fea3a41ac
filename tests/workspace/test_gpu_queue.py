"""Who waits does so in the order they came, and others know."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from cove.gpu.choose import NotFree
from cove.gpu.leases import lease_folder
from cove.gpu.queue import join_queue, read_queue
from cove.workspace.gpu_queue import Place, user_name
from cove.workspace.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cove.gpu.queue import Ticket
    from cove.workspace.session import Session


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return lease_folder((f"{tmp_path}/gpus",))


class Heard:
    """A listener that keeps a step's lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, step: str, text: str) -> None:
        self.lines.append(f"{step}: {text}")

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@pytest.fixture
def heard(session: Session) -> list[str]:
    listener = Heard()
    session.progress = Progress(listener)
    return listener.lines


def not_free() -> NotFree:
    return NotFree(
        "0 of 1 are free", detail="GPU 0 is held by x\nGPU 1 by y", wanted=2, among=("GPU-0", "GPU-1")
    )


def test_who_does_not_wait_has_no_place(session: Session, folder: str) -> None:
    def choose(_: object) -> None:
        raise not_free()

    with pytest.raises(NotFree), ExitStack() as held:
        Place(session, folder, "digits", "a GPU").choose(held, choose, wait=False)
    assert read_queue(folder) == []


def test_a_place_lasts_until_the_choice_and_the_lock_beyond(
    session: Session, folder: str, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = join_queue(folder, ticket_of("first"))
    asked: list[list[str]] = []
    chosen = threading.Event()

    def choose(ahead: Sequence[Ticket]) -> str:
        asked.append([ticket.workspace for ticket in ahead])
        if ahead:
            raise not_free()
        return "GPU 0"

    def sleep(_: float) -> None:
        (_, mine) = read_queue(folder)
        assert (mine.workspace, mine.wanted, mine.among) == ("digits", 2, ("GPU-0", "GPU-1"))
        os.unlink(f"{folder}/queue/{before.number}.{os.geteuid()}.{before.pid}")

    def come_later() -> None:
        with ExitStack() as held:
            Place(session, folder, "later", "a GPU").choose(held, lambda _: chosen.set(), wait=True)

    monkeypatch.setattr("cove.workspace.gpu_queue.time.sleep", sleep)
    with ExitStack() as held:
        assert Place(session, folder, "digits", "2 GPUs").choose(held, choose, wait=True) == "GPU 0"
        assert read_queue(folder) == []
        thread = threading.Thread(target=come_later)
        thread.start()
        while not session.progress.notes:
            pass
        assert not chosen.is_set()
    thread.join(10)
    assert chosen.is_set()
    assert asked == [["first"], []]
    assert heard == ["gpu: place 2 in the queue: GPU 0 is held by x; GPU 1 by y"]


def test_a_line_stays_a_line(
    session: Session, folder: str, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[NotFree | None] = [not_free(), NotFree("2 of 8 are free", detail="a\nb\nc"), None]

    def choose(_: object) -> None:
        if answer := answers.pop(0):
            raise answer

    monkeypatch.setattr("cove.workspace.gpu_queue.time.sleep", lambda _: None)
    with ExitStack() as held:
        Place(session, folder, "digits", "2 GPUs").choose(held, choose, wait=True)
    assert heard == [
        "gpu: place 1 in the queue: GPU 0 is held by x; GPU 1 by y",
        "gpu: place 1 in the queue: 2 of 8 are free",
    ]


def test_who_gives_up_leaves_the_queue(
    session: Session, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(_: object) -> None:
        raise not_free()

    def press(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cove.workspace.gpu_queue.time.sleep", press)
    with pytest.raises(KeyboardInterrupt), ExitStack() as held:
        Place(session, folder, "digits", "a GPU").choose(held, choose, wait=True)
    assert read_queue(folder) == []


def ticket_of(workspace: str) -> Ticket:
    from cove.gpu.queue import Ticket
    from cove.host.alive import read_start

    return Ticket(0, workspace, "ada", "", os.getpid(), read_start(os.getpid()), "a GPU", 1, ("GPU-0",))


def test_users_without_a_name() -> None:
    assert user_name(4_000_000) == "4000000"
