"""`cove doctor`: its lines, its document, its exit code."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main
from cove.cli.doctor import render_text
from cove.cli.style import Style
from cove.workspace.check import Check

if TYPE_CHECKING:
    from cove.host.machine import Machine

OK = Check("engine", "ok", "docker 28.2")
WARNING = Check("registry", "warning", "it is away", "Set HTTPS_PROXY.")
FAILED = Check("cache", "failed", "1.0 GiB free", "Free some.", 4)


def test_lines() -> None:
    unchecked = Check("clock", "unchecked", "nobody tells")
    assert render_text([OK, WARNING, FAILED, unchecked], Style(io.StringIO())).splitlines() == [
        "ok           engine    docker 28.2",
        "warning      registry  it is away",
        "                       → Set HTTPS_PROXY.",
        "FAILED       cache     1.0 GiB free",
        "                       → Free some.",
        "not checked  clock     nobody tells",
        "",
        "`cove up` will not work before this is mended.",
    ]
    assert "`cove up` will work" in render_text([OK, WARNING], Style(io.StringIO()))


def test_what_is_longer_than_the_terminal_goes_on_below_its_beginning() -> None:
    long = Check(
        "GPU",
        "warning",
        "NVIDIA's driver runs, but its files are missing",
        "`sudo nvidia-modprobe -u -c 0` makes them.",
    )
    assert render_text([long], Style(io.StringIO()), 50, gpu=True).splitlines() == [
        "warning      GPU  NVIDIA's driver runs, but its",
        "                  files are missing",
        "                  → `sudo nvidia-modprobe -u -c 0`",
        "                    makes them.",
    ]
    assert (
        len(render_text([long], Style(io.StringIO()), 30, gpu=True).splitlines()) == 2
    )  # too narrow to fold


@pytest.mark.parametrize(("checks", "code"), [([OK, WARNING], 0), ([OK, FAILED], 4)])
def test_the_exit_code_says_whether_up_will_work(
    machine: Machine,
    gateway: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    checks: list[Check],
    code: int,
) -> None:
    asked: list[tuple[str, str]] = []

    def examine(session: Any, folder: str, *, config: str, more: Any) -> list[Check]:
        asked.append((folder, config))
        return [*checks, *(check for look in more for check in look(session))]

    monkeypatch.setattr("cove.cli.doctor.examine", examine)
    assert main(["doctor", "digits", "--config", "gpu", "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert (document["exitCode"], asked) == (code, [("digits", "gpu")])
    assert document["checks"][0] == {
        "name": "engine",
        "verdict": "ok",
        "evidence": "docker 28.2",
        "fix": "",
        "exit_code": 0,
    }
    assert document["checks"][-1]["evidence"] == "runs at http://localhost:17000"


def test_gpus_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, str]] = []

    def examine_gpus(session: Any, folder: str, *, config: str) -> list[Check]:
        asked.append((folder, config))
        return [WARNING]

    monkeypatch.setattr("cove.workspace.gpu_doctor.examine_gpus", examine_gpus)
    assert main(["doctor", "--gpu", "digits"]) == 0
    assert asked == [("digits", "")]
    assert "cove up" not in capsys.readouterr().out


def test_a_message_is_explained(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["doctor", "--explain", "Failed to initialize NVML: Driver/library version mismatch"]) == 0
    assert capsys.readouterr().out.startswith(
        "NVIDIA's driver was updated, but the old kernel module is still in use.\n→ Reboot"
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("line\nRuntimeError: CUDA out of memory\n"))
    assert main(["doctor", "--explain", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cause"] == "the GPU's memory is full"
    assert main(["doctor", "--explain", "hello"]) == 1
