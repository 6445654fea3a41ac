"""What the kernel lets a container engine do here: read once, when an engine is first met."""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

CAP_SYS_RESOURCE = 24
"""Bit number in the capability sets, linux/capability.h."""


class Kernel(NamedTuple):
    """Facts that decide whether an engine's defaults work on this host."""

    cgroups: Literal["v1", "v2", "hybrid"] = "v2"
    """`hybrid`: version 1 with a version 2 hierarchy beside it, which crun refuses."""
    systemd: bool = True
    """systemd is process 1, so there are services and a journal."""
    may_raise_limits: bool = True
    """CAP_SYS_RESOURCE: hard limits can be raised. Always false for ordinary users, who do not need it."""
    anyone_may_raise: bool = True
    """CAP_SYS_RESOURCE is to be had at all on this host: a daemon of root's can raise limits."""
    tun: bool = True
    """/dev/net/tun can be opened: what rootless networking stands on."""
    open_files: int = 1048576
    """This process's hard limit of open files."""
    processes: int = 4194304
    """This process's hard limit of processes, or the largest process id if that is smaller."""
    locked_memory: int = -1
    """This process's hard limit, bytes; -1: none."""
    stack: int = -1
    """The same for the stack."""


def read_kernel() -> Kernel:
    """Read the facts; on a system other than Linux the defaults are returned, since its engine runs elsewhere."""
    import resource

    if not os.path.exists("/proc/self/status"):
        return Kernel()
    status = _text("/proc/self/status")
    return Kernel(
        cgroups=parse_cgroups(_text("/proc/self/mounts")),
        systemd=os.path.isdir("/run/systemd/system"),
        may_raise_limits=parse_capability(status, CAP_SYS_RESOURCE),
        anyone_may_raise=parse_capability(status, CAP_SYS_RESOURCE, among="CapBnd"),
        tun=os.access("/dev/net/tun", os.R_OK | os.W_OK),
        open_files=_bounded(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1048576),
        processes=_bounded(
            resource.getrlimit(resource.RLIMIT_NPROC)[1], int(_text("/proc/sys/kernel/pid_max") or 4194304)
        ),
        locked_memory=resource.getrlimit(resource.RLIMIT_MEMLOCK)[1],
        stack=resource.getrlimit(resource.RLIMIT_STACK)[1],
    )


def parse_cgroups(mounts: str) -> Literal["v1", "v2", "hybrid"]:
    """Return the layout from the text of /proc/self/mounts.

    >>> parse_cgroups("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0")
    'v2'
    """
    kinds = {fields[2] for line in mounts.splitlines() if len(fields := line.split()) > 2}
    if "cgroup" in kinds:
        return "hybrid" if "cgroup2" in kinds else "v1"
    return "v2"


def parse_capability(status: str, bit: int, *, among: str = "CapEff") -> bool:
    """Return whether a set (the effective one, or `CapBnd`) in the text of /proc/self/status holds a capability."""
    for line in status.splitlines():
        if line.startswith(f"{among}:"):
            return bool(int(line.split()[1], 16) >> bit & 1)
    return True


def _bounded(limit: int, most: int) -> int:
    return most if limit < 0 else min(limit, most)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
