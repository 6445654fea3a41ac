from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from cove.gpu.leases import lease_folder
from cove.gpu.queue import Ticket, join_queue, leave_queue, queue_folder, read_queue
from cove.host.alive import read_start

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return lease_folder((f"{tmp_path}/gpus",))


def ticket(pid: int, workspace: str = "digits") -> Ticket:
    started = read_start(pid)
    return Ticket(0, workspace, "ada", "2026-11-22T06:35:49Z", pid, started, "a GPU", 1, ("GPU-0", "GPU-1"))


def test_first_come_first_served_without_those_who_are_gone(folder: str) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        first = join_queue(folder, ticket(process.pid, "first"))
        second = join_queue(folder, ticket(os.getpid(), "second"))
        third = join_queue(folder, ticket(os.getpid(), "third"))
        assert read_queue(folder) == [first, second, third]
        assert [found.number for found in (first, second, third)] == [1, 2, 3]
        process.kill()
    assert read_queue(folder) == [second, third]
    assert len(os.listdir(queue_folder(folder))) == 2
    leave_queue(folder, second)
    leave_queue(folder, second)
    assert read_queue(folder) == [third]
    assert join_queue(folder, ticket(os.getpid())).number == 4
    promise = third.promise()
    assert (promise.whose.describe(), promise.wanted) == ("third of ada since 2026-11-22T06:35:49Z", 1)


@pytest.mark.parametrize(
    "wrong",
    [{"number": "1"}, {"among": "GPU-0"}, {"more": 1}, {"started": None}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_is_no_ticket_holds_nobody_up(folder: str, wrong: dict[str, object]) -> None:
    path = f"{queue_folder(folder)}/1.{os.geteuid()}.1"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**ticket(os.getpid())._asdict(), **wrong}, file)
    assert read_queue(folder) == []
