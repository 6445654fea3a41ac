"""Work beside work."""

from __future__ import annotations

from threading import Event

import pytest

from cove.workspace.beside import Beside


def test_result() -> None:
    with Beside(lambda: 42, name="work") as work:
        assert work.result() == 42


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    def fail() -> None:
        raise KeyError("gone")

    with Beside(fail, name="work") as work, pytest.raises(KeyError):
        work.result()


def test_a_block_that_fails_gives_the_work_up_and_waits_for_nobody() -> None:
    forever, cancelled = Event(), Event()
    with pytest.raises(ValueError, match="build"), Beside(forever.wait, name="work", cancel=cancelled.set):
        raise ValueError("build")
    assert cancelled.is_set()
    forever.set()
