"""Progress in a pipe, as events, and on a terminal."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from cove.cli.progress import LiveProgress, PlainProgress
from cove.workspace.progress import EventLines, Progress

if TYPE_CHECKING:
    from cove.workspace.progress import Listener


def work(listener: Listener) -> None:
    progress = Progress(listener)
    with progress.step("image", "image from Dockerfile") as step:
        step.line("Step 1/2")
        step.line("   ")
        step.title = "image built"
    progress.note("a note")
    progress.note("a note")
    progress.warn("a warning")


def test_plain_lines() -> None:
    stream = io.StringIO()
    work(PlainProgress(stream))
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["[image] image from Dockerfile", "[image] │ Step 1/2"]
    assert lines[2].startswith("[image] done: image built (")
    assert lines[3:] == ["note: a note", "warning: a warning"]


def test_json_events() -> None:
    stream = io.StringIO()
    work(EventLines(stream.write))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(event["event"], event["step"], event["text"]) for event in events] == [
        ("begin", "image", "image from Dockerfile"),
        ("line", "image", "Step 1/2"),
        ("line", "image", "   "),
        ("end", "image", "image built"),
        ("note", "", "a note"),
        ("warn", "", "a warning"),
    ]


def test_live_display_leaves_one_line_a_finished_step() -> None:
    stream = io.StringIO()
    live = LiveProgress(stream)
    live.PATIENCE_SECONDS = 0.0
    work(live)
    text = stream.getvalue()
    assert "image built" in text
    assert "a warning" in text
    assert text.count("a note") == 1
