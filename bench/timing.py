"""Whole commands timed in turn, so that a machine whose speed drifts is fair to both sides."""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Side(NamedTuple):
    """One thing to time: its name, and a call that does it once and raises if it fails.

    A call that returns a float has timed the part that counts itself, in seconds.
    """

    name: str
    call: Callable[[], object]


class Comparison(NamedTuple):
    """Medians in seconds, and the median of the ratios ours / theirs, pair by pair."""

    ours: float
    theirs: float
    ratio: float


def compare(ours: Side, theirs: Side, *, runs: int = 7, warm: int = 1) -> Comparison:
    """Time both sides in turn, A B A B …, after `warm` rounds that do not count."""
    pairs = [(_seconds(ours.call), _seconds(theirs.call)) for _ in range(runs + warm)][warm:]
    return Comparison(
        ours=statistics.median(pair[0] for pair in pairs),
        theirs=statistics.median(pair[1] for pair in pairs),
        ratio=statistics.median(pair[0] / pair[1] for pair in pairs),
    )


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    own = call()
    return own if isinstance(own, float) else time.perf_counter() - began


def command(argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Callable[[], object]:
    """Return a call that runs a command to its end, its output thrown away."""
    return lambda: subprocess.run(
        argv, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def report(what: str, ours: Side, theirs: Side, found: Comparison, budget: str, *, met: bool) -> None:
    """Print one line of the result."""
    mark = "ok " if met else "OVER"
    print(
        f"{mark:4} {what:34} {ours.name} {found.ours * 1000:8.0f} ms   {theirs.name} {found.theirs * 1000:8.0f} ms   "
        f"ratio {found.ratio:5.2f}   difference {(found.ours - found.theirs) * 1000:+7.0f} ms   budget {budget}",
        flush=True,
    )
