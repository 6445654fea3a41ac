"""The log as the reference writes it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.cli.devcontainer.log import ReferenceLog, choose_log

if TYPE_CHECKING:
    from collections.abc import Iterator


def clock() -> Iterator[float]:
    moment = 1.0
    while True:
        yield moment
        moment += 0.5


def tell(listener: ReferenceLog) -> None:
    listener.begin("image", "an image")
    listener.line("image", "built")
    listener.end("image", "an image", 1.0, failed=False)
    listener.begin("postCreateCommand", "postCreateCommand")
    listener.line("postCreateCommand", "hello")
    listener.end("postCreateCommand", "postCreateCommand", 1.0, failed=True)
    listener.note("noted")
    listener.warn("warned")


def test_events() -> None:
    told: list[str] = []
    times = clock()
    tell(ReferenceLog(told.append, events=True, level="error", now=lambda: next(times)))
    channel = {"channel": "postCreate"}
    running = {"type": "progress", "name": "Running postCreateCommand...", **channel}
    assert [json.loads(text) for text in told] == [
        {"type": "start", "level": 3, "timestamp": 1000, "text": "an image"},
        {"type": "text", "level": 3, "timestamp": 1500, "text": "built"},
        {"type": "stop", "level": 3, "timestamp": 2500, "text": "an image", "startTimestamp": 1000},
        {"type": "start", "level": 3, "timestamp": 3000, "text": "postCreateCommand", **channel},
        {**running, "status": "running"},
        {"type": "raw", "level": 3, "timestamp": 3500, "text": "hello\r\n", **channel},
        {
            "type": "stop", "level": 3, "timestamp": 4500, "text": "postCreateCommand", "startTimestamp": 3000,
            **channel,
        },
        {**running, "status": "failed"},
        {"type": "text", "level": 3, "timestamp": 5000, "text": "noted"},
        {"type": "text", "level": 4, "timestamp": 5500, "text": "warned"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "lines"),
    [
        ("error", []),
        ("info", ["Start: an image", "built", "Start: postCreateCommand", "hello", "noted", "warned"]),
        (
            "trace",
            [
                "Start: an image", "built", "Stop (0 ms): an image",
                "Start: postCreateCommand", "hello", "Stop (0 ms): postCreateCommand", "noted", "warned",
            ],
        ),
    ],
)  # fmt: skip
def test_lines(level: str, lines: list[str]) -> None:
    told: list[str] = []
    tell(ReferenceLog(told.append, events=False, level=level, now=lambda: 1.25))
    assert told == [f"[1970-01-01T00:00:01.250Z] {line}\n" for line in lines]


def test_a_person_gets_coves_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert choose_log("text", "info") is None
    assert choose_log("json", "info") is not None


def test_each_line_of_a_command_is_an_event(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", "up", "--workspace-folder", repository, "--log-format", "json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {event["type"] for event in events} >= {"start", "stop", "progress"}
    assert all("timestamp" in event for event in events if event["type"] != "progress")
