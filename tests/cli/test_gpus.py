"""`cove gpus`."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main
from cove.cli.gpus import render_text
from cove.cli.style import Style
from cove.gpu.choose import Lease
from cove.gpu.inventory import Problem
from cove.gpu.queue import Ticket
from cove.gpu.use import Lately
from cove.workspace.gpu_list import GpuList, ListedGpu, ListedHolder, ListedProcess

if TYPE_CHECKING:
    from cove.host.machine import Machine

LEASE = Lease("GPU-0", "digits", "ada", "2026-11-22T06:35:49Z")
TRAIN = ListedProcess(4711, "python train.py", 12 << 30, "digits")
FOREIGN = ListedProcess(12, "", 1 << 30, "")
HELD = ListedGpu(0, "0", "GPU-0", "NVIDIA A100", "nvidia", 40 << 30, 13 << 30, 97, LEASE, (TRAIN,), "")
FREE = HELD._replace(number=1, id="1", uuid="GPU-1", used=0, busy=0, lease=None, processes=())
SHARED = HELD._replace(number=2, id="2", lease=LEASE._replace(shared=True), processes=(TRAIN, FOREIGN))
BUSY = FREE._replace(number=3, id="3", processes=(FOREIGN,), busy=None, memory=0, in_use=True)
LOST = FREE._replace(number=4, id="4", problem="it has fallen off the bus")
LATELY = Lately(61, 14 << 30, (20, 60, 100))
HOLDERS = (
    ListedHolder("digits", "ada", ("0", "2"), 12 << 30, LATELY),
    ListedHolder("vision", "eve", ("2",), 0, None, shared=True),
    ListedHolder("speech", "bob", ("3:1",), 0, None),
)
TICKET = Ticket(3, "speech", "bob", "2026-11-22T06:40:00Z", 4712, 1, "2 GPUs", 2, ("GPU-0", "GPU-1"))
BOTH = "4711 python train.py in digits, 12.0 GiB; 12 ? outside of cove, 1.0 GiB"
FOUND = GpuList(
    (HELD, FREE, SHARED, BUSY, LOST),
    (Problem("a module is old", "Reboot."),),
    "550.54.15",
    "12.4",
    (TICKET,),
    HOLDERS,
)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[GpuList]:
    lists = [FOUND]
    monkeypatch.setattr("cove.cli.gpus.list_gpus", lambda _: lists.pop(0))
    return lists


def test_a_table(machine: Machine, found: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gpus"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "GPU  NAME         MEMORY          USE   HELD BY                             PROCESSES",
        "0    NVIDIA A100  13.0 of 40 GiB  97 %  digits (ada)                        4711 python train.py, 12.0 GiB",
        "1    NVIDIA A100  0.0 of 40 GiB   0 %   free                                -",
        "2    NVIDIA A100  13.0 of 40 GiB  97 %  digits (ada), vision (eve, shared)  " + BOTH,
        "3    NVIDIA A100  -               -     in use                              12 ?, 1.0 GiB",
        "4    NVIDIA A100  -               -     -                                   it has fallen off the bus",
        "",
        "WORKSPACE  USER  GPUS  MEMORY    MOST      LAST MINUTES",
        "digits     ada   0, 2  12.0 GiB  14.0 GiB   61 % ▂▅█",
        "vision     eve   2     0.0 GiB   -         -",
        "speech     bob   3:1   0.0 GiB   -         -",
        "",
        "Waiting, first come first:",
        "  speech (bob) for 2 GPUs since 2026-11-22T06:40:00Z",
        "",
        "NVIDIA driver 550.54.15, for CUDA up to 12.4",
        "",
        "Problem: a module is old",
        "  → Reboot.",
    ]


def told(width: int, found: GpuList = FOUND) -> list[str]:
    return render_text(found, Style(io.StringIO()), width).splitlines()


def test_a_narrow_terminal_has_processes_below_and_names_at_the_end() -> None:
    assert told(80)[:14] == [
        "GPU  MEMORY          USE   HELD BY",
        "0    13.0 of 40 GiB  97 %  digits (ada)",
        "     4711 python train.py, 12.0 GiB",
        "1    0.0 of 40 GiB   0 %   free",
        "2    13.0 of 40 GiB  97 %  digits (ada), vision (eve, shared)",
        "     4711 python train.py in digits, 12.0 GiB",
        "     12 ? outside of cove, 1.0 GiB",
        "3    -               -     in use",
        "     12 ?, 1.0 GiB",
        "4    -               -     -",
        "     it has fallen off the bus",
        "",
        "NVIDIA A100: 0, 1, 2, 3, 4",
        "",
    ]
    assert max(map(len, told(40)[:12])) == 40
    assert told(40)[5] == "     4711 python train.py in digits, 12…"


def test_a_wider_one_has_processes_beside_and_names_at_the_end() -> None:
    lines = told(100)
    assert lines[0] == "GPU  MEMORY          USE   HELD BY                             PROCESSES"
    assert lines[1].endswith("digits (ada)                        4711 python train.py, 12.0 GiB")
    assert lines[7] == "NVIDIA A100: 0, 1, 2, 3, 4"


def test_a_wide_one_has_all_beside_each_other() -> None:
    lines = told(120)
    assert len(lines[3]) == 120
    assert lines[3].startswith(
        "2    NVIDIA A100  13.0 of 40 GiB  97 %  digits (ada), vision (eve, shared)  4711 python"
    )
    assert lines[3].endswith("12.0 GiB; 1…")


def test_what_is_wrong_is_folded() -> None:
    problem = Problem(
        "NVIDIA's driver runs, but its device files are missing", "`sudo nvidia-modprobe -u -c 0` makes them."
    )
    assert told(40, GpuList((), (problem,), "", "")) == [
        "Problem: NVIDIA's driver runs, but its",
        "device files are missing",
        "  → `sudo nvidia-modprobe -u -c 0` makes",
        "    them.",
    ]


def test_who_is_not_seen_is_known_by_their_note(
    machine: Machine, found: list[GpuList], capsys: pytest.CaptureFixture[str]
) -> None:
    found[0] = FOUND._replace(gpus=(SHARED,), holders=())
    assert main(["gpus"]) == 0
    assert "digits (ada, shared)" in capsys.readouterr().out


def test_json(machine: Machine, found: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gpus", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["driver"], document["cuda"], document["rocm"]) == ("550.54.15", "12.4", "")
    held, free, *_ = document["gpus"]
    assert held["lease"]["workspace"] == "digits"
    assert held["processes"] == [
        {"pid": 4711, "name": "python train.py", "memory": 12 << 30, "workspace": "digits"}
    ]
    assert (free["lease"], free["memory"]) == (None, 40 << 30)
    assert [holder["lately"] for holder in document["holders"]] == [
        {"busy": 61, "most": 14 << 30, "series": [20, 60, 100]},
        None,
        None,
    ]
    assert [ticket["workspace"] for ticket in document["waiting"]] == ["speech"]
    assert document["problems"] == [{"text": "a module is old", "hint": "Reboot."}]


def test_watching(
    machine: Machine,
    found: list[GpuList],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def tired(_: float) -> None:
        if not found:
            raise KeyboardInterrupt

    found.append(FOUND._replace(gpus=()))
    monkeypatch.setattr("cove.cli.gpus.time.sleep", tired)
    assert main(["gpus", "--watch"]) == 130
    assert capsys.readouterr().out.count("NVIDIA driver 550.54.15") == 2


def test_amds_version_is_told() -> None:
    assert told(0, GpuList((FREE,), (), "", "", rocm="6.2.0"))[-1] == "ROCm 6.2.0"


def test_none() -> None:
    nothing = GpuList((), (), "", "")
    assert render_text(nothing, Style(io.StringIO()), 0) == "This machine has no GPU."
