"""How much GPUs were used over the last minutes, in all and by each container. Pure: samples go in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.gpu.inventory import Gpu

KEPT_SECONDS = 300.0
BARS = "▁▂▃▄▅▆▇█"
MOST_BARS = 12


class Sample(NamedTuple):
    """What was used at one moment."""

    time: float
    """Seconds since 1970."""
    use: Mapping[str, tuple[int, int]]
    """By GPU (its UUID) and by container (its id): percent, -1 where it is not known, and bytes."""


class Lately(NamedTuple):
    """What was used over the last minutes."""

    busy: int
    """Percent on average, -1 where it is not known."""
    most: int
    """The most bytes at one moment."""
    series: tuple[int, ...]
    """Percents, oldest first; empty where they are not known."""

    @property
    def bars(self) -> str:
        """The series as a line of small bars."""
        size = max(1, -(-len(self.series) // MOST_BARS))
        parts = [self.series[at : at + size] for at in range(0, len(self.series), size)]
        return "".join(BARS[min(sum(part) // len(part), 100) * (len(BARS) - 1) // 100] for part in parts)

    def each_of(self, count: int) -> Lately:
        """Return the same for each of several GPUs that were used together."""
        if count < 2:
            return self
        return self._replace(busy=self.busy // count, series=tuple(busy // count for busy in self.series))

    def describe(self) -> str:
        """Return it in a person's words: `61 % and at most 31.0 GiB over the last minutes`."""
        busy = f"{self.busy} % and " if self.busy >= 0 else ""
        return f"{busy}at most {self.most / 2**30:.1f} GiB over the last minutes"


def take_sample(gpus: Iterable[Gpu], now: float) -> Sample:
    """Return what is used of GPUs now, in all and by the containers whose processes are on them."""
    use: dict[str, tuple[int, int]] = {}
    for gpu in gpus:
        use[gpu.uuid] = (-1 if gpu.busy is None else gpu.busy, gpu.used)
        for process in gpu.processes:
            if process.container:
                busy, used = use.get(process.container, (-1, 0))
                more = -1 if process.busy is None else process.busy
                use[process.container] = (max(busy, 0) + more if more >= 0 else busy, used + process.memory)
    return Sample(now, use)


def add_sample(samples: Iterable[Sample], sample: Sample) -> list[Sample]:
    """Return the samples with one more, without those that are too old."""
    return [*(old for old in samples if sample.time - KEPT_SECONDS < old.time < sample.time), sample]


def summarize(samples: Sequence[Sample], subjects: Sequence[str], *, now: float) -> Lately | None:
    """Return the use of GPUs or containers together; None when nothing is known of the last minutes."""
    found = [
        [sample.use[subject] for subject in subjects if subject in sample.use]
        for sample in samples
        if sample.time > now - KEPT_SECONDS
    ]
    moments = [moment for moment in found if moment]
    if not moments:
        return None
    series = [
        sum(busy for busy, _ in moment) // len(moment)
        for moment in moments
        if all(busy >= 0 for busy, _ in moment)
    ]
    most = max(sum(used for _, used in moment) for moment in moments)
    return Lately(sum(series) // len(series) if series else -1, most, tuple(series))


def render_samples(samples: Iterable[Sample]) -> str:
    """Return samples as text to be kept."""
    return json.dumps([[sample.time, dict(sample.use)] for sample in samples])


def parse_samples(text: str) -> list[Sample]:
    """Return the samples of such a text; none when it is another."""
    try:
        return [
            Sample(float(time), {str(name): (int(busy), int(used)) for name, (busy, used) in use.items()})
            for time, use in json.loads(text)
        ]
    except (ValueError, TypeError, AttributeError):
        return []
