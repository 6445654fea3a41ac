"""What a container gets unasked, and what switches it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.engines.base import EngineInfo
from cove.spec.layer import Layer
from cove.spec.run import Mount
from cove.workspace.defaults import (
    Defaults,
    describe,
    plan_defaults,
    plan_shared_memory,
    render_size,
    wants_init,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.workspace.read import Reading

GIB = 2**30
INFO = EngineInfo("docker", "28", rootless=False, remote=False, buildkit=True, memory=8 * GIB)


def said(words: str = "", cove: str = "") -> str:
    return f'{{"image": "debian", "runArgs": [{words}], "customizations": {{"cove": {{{cove}}}}}}}'


@pytest.mark.parametrize(
    ("wanted", "words", "memory", "expected"),
    [
        (None, [], 8 * GIB, 4 * GIB),
        (None, [], 256 * GIB, 16 * GIB),
        (None, [], 0, 0),
        (2 * GIB, [], 8 * GIB, 2 * GIB),
        (64 * GIB, [], 8 * GIB, 64 * GIB),
        (0, [], 8 * GIB, 0),
        (None, ["--shm-size=1g"], 8 * GIB, 0),
        (None, ["--shm-size", "1g"], 8 * GIB, 0),
        (None, ["--ipc=host"], 8 * GIB, 0),
        (2 * GIB, ["--ipc", "host"], 8 * GIB, 0),
    ],
)
def test_shared_memory(wanted: int | None, words: list[str], memory: int, expected: int) -> None:
    assert plan_shared_memory(wanted, words, memory) == expected


@pytest.mark.parametrize(
    ("layers", "words", "expected"),
    [
        ([Layer()], [], True),
        ([Layer(init=False)], [], False),
        ([Layer(init=True)], [], False),  # the standard's own word does it
        ([Layer(override_command=False)], [], False),
        ([Layer(override_command=False), Layer(override_command=True)], [], True),
        ([Layer()], ["--init=false"], False),
        ([Layer()], ["--pid=host"], False),
    ],
)
def test_init(layers: list[Layer], words: list[str], *, expected: bool) -> None:
    assert wants_init(layers, words) is expected


def test_all_of_them(read: Callable[..., Reading]) -> None:
    reading = read(said())
    plan = plan_defaults(reading, [Layer()], INFO, isolated=False)
    assert (plan.shm_size, plan.limits, plan.init) == (4 * GIB, {"memlock": -1, "stack": 64 * 2**20}, True)
    assert Mount("volume", f"cove-cache-{reading.owner.uid}-pip", "/opt/cove/cache/pip") in plan.mounts
    assert describe(plan) == {
        "sharedMemory": "4 GiB",
        "limits": "memlock unlimited, stack 64 MiB",
        "init": "started by cove",
        "caches": "huggingface, torch, pip, uv, conda, npm",
    }


def test_each_has_its_switch(read: Callable[..., Reading]) -> None:
    reading = read(said(cove='"shmSize": false, "limits": false, "init": false, "caches": false'))
    assert plan_defaults(reading, [Layer()], INFO, isolated=False) == Defaults()
    assert describe(Defaults()) == {}


def test_caches_follow_setting_mounts_and_isolation(read: Callable[..., Reading]) -> None:
    reading = read(said('"-v", "models:/root/.cache/huggingface"', '"caches": ["pip", "huggingface"]'))
    plan = plan_defaults(reading, [Layer()], INFO, isolated=True)
    assert [mount.source for mount in plan.mounts] == [
        f"cove-cache-{reading.owner.uid}-{reading.address.id}-pip"
    ]
    layer = Layer(mounts=(Mount("volume", "p", "/home/dev/.cache/pip"),))
    assert plan_defaults(reading, [layer], INFO, isolated=False).caches == ()
    assert plan_defaults(reading, [Layer()], INFO, isolated=False, caches=False).caches == ()


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (2**20, "1 MiB"), (5 * 2**38, "1.2 TiB"), (5 * 2**50, "5120 TiB")],
)
def test_sizes(size: int, expected: str) -> None:
    assert render_size(size) == expected
