from __future__ import annotations

import pytest

from cove.host.kernel import CAP_SYS_RESOURCE, parse_capability, parse_cgroups, read_kernel

V1 = "cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n"
V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"


@pytest.mark.parametrize(
    ("mounts", "layout"),
    [
        (V2, "v2"),
        (V1, "v1"),
        (V1 + "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n", "hybrid"),
        ("", "v2"),
        ("x\n", "v2"),
    ],
)
def test_cgroups(mounts: str, layout: str) -> None:
    assert parse_cgroups(mounts) == layout


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Name:\tpython\nCapEff:\t000001ffffffffff\n", True),
        ("CapPrm:\t000001ffffffffff\nCapEff:\t000001fffeffffff\n", False),
        ("CapEff:\t0000000000000000\n", False),
        ("", True),
    ],
)
def test_capabilities(status: str, *, expected: bool) -> None:
    assert parse_capability(status, CAP_SYS_RESOURCE) is expected


def test_what_nobody_here_may_do() -> None:
    status = "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n"
    assert not parse_capability(status, CAP_SYS_RESOURCE)
    assert parse_capability(status, CAP_SYS_RESOURCE, among="CapBnd")


def test_this_machine() -> None:
    kernel = read_kernel()
    assert 0 < kernel.open_files <= 1048576
    assert 0 < kernel.processes <= 4194304
