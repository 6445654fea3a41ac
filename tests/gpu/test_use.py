from __future__ import annotations

import pytest

from cove.gpu.inventory import NVIDIA, Gpu, GpuProcess
from cove.gpu.use import (
    KEPT_SECONDS,
    Lately,
    Sample,
    add_sample,
    parse_samples,
    render_samples,
    summarize,
    take_sample,
)

GIB = 1 << 30
GPU = Gpu(NVIDIA, 0, "GPU-a", "NVIDIA A100", "/dev/nvidia0", memory=40 * GIB, used=9 * GIB, busy=80)


def test_a_moment() -> None:
    processes = (
        GpuProcess(1, 2, container="c1", busy=30),
        GpuProcess(2, 3, container="c1", busy=20),
        GpuProcess(3, 4, container="c2"),
        GpuProcess(4, 5),
    )
    other = GPU._replace(uuid="GPU-b", busy=None, used=1, processes=(GpuProcess(5, 6, container="c1"),))
    sample = take_sample((GPU._replace(processes=processes), other), 100.0)
    assert sample == Sample(100.0, {"GPU-a": (80, 9 * GIB), "GPU-b": (-1, 1), "c1": (50, 11), "c2": (-1, 4)})
    assert parse_samples(render_samples([sample])) == [sample]


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", "[[1, 2]]", '[[1, {"a": 1}]]', '[["x", {}]]'])
def test_what_is_no_record_says_nothing(text: str) -> None:
    assert parse_samples(text) == []


def test_old_moments_are_let_go() -> None:
    samples: list[Sample] = []
    for moment in range(0, 1000, 10):
        samples = add_sample(samples, Sample(float(moment), {"GPU-a": (moment % 100, moment)}))
    assert len(samples) == KEPT_SECONDS // 10
    assert samples[-1].time == 990
    # A clock that was set back begins anew, rather than to keep what is yet to come.
    assert add_sample(samples, Sample(5.0, {})) == [Sample(5.0, {})]


def test_a_summary() -> None:
    samples = [
        Sample(1.0, {"GPU-a": (99, 99)}),  # long ago
        Sample(900.0, {"GPU-a": (20, 3), "GPU-b": (40, 1)}),
        Sample(910.0, {"GPU-a": (80, 2), "GPU-b": (60, 1)}),
        Sample(920.0, {"GPU-a": (-1, 9)}),
    ]
    assert summarize(samples, ("GPU-a",), now=930.0) == Lately(50, 9, (20, 80))
    assert summarize(samples, ("GPU-a", "GPU-b"), now=930.0) == Lately(50, 9, (30, 70))
    assert summarize(samples, ("GPU-c",), now=930.0) is None
    assert summarize(samples, ("GPU-a",), now=2000.0) is None
    assert summarize(samples[-1:], ("GPU-a",), now=930.0) == Lately(-1, 9, ())


def test_bars_and_words() -> None:
    assert Lately(0, 0, (0, 14, 15, 50, 99, 100, 130)).bars == "▁▁▂▄▇██"
    assert Lately(0, 0, (0,) * 15 + (100,) * 15).bars == "▁▁▁▁▁█████"
    assert Lately(-1, 0, ()).bars == ""
    assert Lately(61, 31 * GIB, (61,)).describe() == "61 % and at most 31.0 GiB over the last minutes"
    assert Lately(-1, 31 * GIB, ()).describe() == "at most 31.0 GiB over the last minutes"
