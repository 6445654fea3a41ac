"""The GPUs that a test has: simulated ones, or with `--real-gpus` this machine's own; only here their names are known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NODES = ("sh", "-c", "ls /dev | grep '^nvidia[0-9]' || true")


class Card(NamedTuple):
    """One GPU."""

    number: int
    uuid: str
    name: str
    node: str
    """Its device file's name: `nvidia0`."""


class Cards(NamedTuple):
    """GPUs of one test."""

    cards: tuple[Card, ...]
    folder: Path | None = None
    """Where the simulated driver lies; None: they are real."""

    @property
    def real(self) -> bool:
        """Whether they are this machine's own."""
        return self.folder is None

    @property
    def env(self) -> dict[str, str]:
        """What makes cove find them."""
        return {"PYTHONPATH": str(self.folder)} if self.folder else {}

    @property
    def look(self) -> tuple[str, ...]:
        """The command that tells, inside a container, which of them are there; of real ones NVIDIA's own."""
        return ("nvidia-smi", "-L") if self.real else NODES

    def seen(self, text: str) -> list[Card]:
        """Return those that `look` told of; one that is not of this test is a mistake."""
        told = re.findall(r"UUID: ([^)\s]+)" if self.real else r"nvidia\d+", text)
        by_name = {card.uuid if self.real else card.node: card for card in self.cards}
        return [by_name[name] for name in told]


def read_cards() -> tuple[Card, ...]:
    """Return this machine's GPUs, as NVIDIA's own binding tells. Raises UsageError where there are none."""
    import pynvml

    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as error:
        raise pytest.UsageError(no_gpu(str(error))) from None
    if not count:
        raise pytest.UsageError(no_gpu("it shows none"))
    handles = [(number, pynvml.nvmlDeviceGetHandleByIndex(number)) for number in range(count)]
    found = tuple(
        Card(
            number,
            pynvml.nvmlDeviceGetUUID(handle),
            pynvml.nvmlDeviceGetName(handle),
            f"nvidia{pynvml.nvmlDeviceGetMinorNumber(handle)}",
        )
        for number, handle in handles
    )
    pynvml.nvmlShutdown()
    return found


def no_gpu(why: str) -> str:
    """Return the words for a machine without."""
    return f"--real-gpus needs a GPU, and NVIDIA's driver shows none here ({why}); without the flag the tests simulate some"


def choose_real(items: Iterable[pytest.Item], count: int) -> tuple[list[pytest.Item], list[str]]:
    """Return the tests that can do with so many real GPUs, and for each other one that wants GPUs why it is left out."""
    chosen, left_out = [], []
    for item in items:
        marker = item.get_closest_marker("gpus")
        if marker is None:
            continue
        least, simulated = marker.kwargs.get("least", marker.args[0]), marker.kwargs.get("simulated", "")
        if simulated:
            left_out.append(f"{item.name}: only a simulation can show {simulated}")
        elif least > count:
            left_out.append(f"{item.name}: it needs {least} GPUs")
        else:
            chosen.append(item)
    return chosen, left_out
