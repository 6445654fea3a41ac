"""Whether a process still lives: its number and when it began, since numbers are given out again."""

from __future__ import annotations

import os

DEAD_STATES = ("Z", "X")
"""A process that has ended and that its parent has not asked about (proc(5))."""


def read_start(pid: int) -> int:
    """Return when a process began, in ticks since boot (proc(5), field 22 of `stat`); 0 where that is not told."""
    return _read_stat(pid)[1]


def is_alive(pid: int, started: int) -> bool:
    """Return whether a process lives and is the one that began then."""
    if pid <= 0:
        return False
    state, now = _read_stat(pid)
    if now:
        return now == started and state not in DEAD_STATES
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it lives, and /proc does not show it to us (hidepid)
    return True


def describe_process(pid: int) -> str:
    """Return a mark by which a process is known later: `4711:83520:BOOT/NAMESPACE`.

    The last word says among which processes its number counts: those of one boot and one pid namespace.
    """
    return f"{pid}:{read_start(pid)}:{_read_realm()}"


def is_over(mark: str) -> bool:
    """Return whether the process of such a mark has ended for certain; False for one that this realm cannot see."""
    pid, _, rest = mark.partition(":")
    started, _, realm = rest.partition(":")
    if not (pid.isdecimal() and started.isdecimal() and realm and realm == _read_realm()):
        return False
    return not is_alive(int(pid), int(started))


def _read_realm() -> str:
    """Return which boot and which pid namespace this process is in; empty where the kernel does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return f"{file.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _read_stat(pid: int) -> tuple[str, int]:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
        return words[0], int(words[19])
    except (OSError, ValueError, IndexError):
        return "", 0
