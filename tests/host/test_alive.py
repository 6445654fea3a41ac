from __future__ import annotations

import os
import subprocess

from cove.host.alive import describe_process, is_alive, is_over, read_start


def test_a_process_is_its_number_and_its_beginning() -> None:
    started = read_start(os.getpid())
    assert started > 0
    assert is_alive(os.getpid(), started)
    assert not is_alive(os.getpid(), started + 1)
    assert not is_alive(0, 0)


def test_a_mark_tells_when_its_process_is_over() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        mark = describe_process(process.pid)
        assert not is_over(mark)
        process.kill()
        os.waitid(
            os.P_PID, process.pid, os.WEXITED | os.WNOWAIT
        )  # ended, and its parent has not asked: a zombie
        assert is_over(mark)
    assert is_over(mark)


def test_what_another_machine_or_container_marked_is_not_judged() -> None:
    pid, started, realm = describe_process(os.getpid()).split(":")
    assert is_over(f"{pid}:{int(started) + 1}:{realm}")
    for mark in (f"{pid}:{int(started) + 1}:{realm}0", f"{pid}:1", "", "x:1:" + realm, f"{pid}::{realm}"):
        assert not is_over(mark), mark
