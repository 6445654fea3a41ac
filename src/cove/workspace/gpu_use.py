"""The use of GPUs over the last minutes: noted by the gateway while somebody holds some, read by whoever shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cove.gpu.use import Sample
    from cove.host.machine import Machine

SAMPLE_SECONDS = 10.0


def watch_use(machine: Machine) -> None:
    """Note the use of GPUs for as long as the process lives; call it in a thread of its own."""
    while True:
        note_use(machine)
        time.sleep(SAMPLE_SECONDS)


def note_use(machine: Machine) -> None:
    """Note the use of this moment, if a workspace holds a GPU: nobody else's GPUs are woken for it."""
    from contextlib import suppress

    from cove.errors import GpuError
    from cove.gpu.leases import lease_folder, read_notes

    with suppress(GpuError, OSError):  # it is no more than a note; whoever wants a GPU is told
        if not read_notes(lease_folder()):
            return
        from cove.gpu.hardware import read_inventory
        from cove.gpu.use import add_sample, render_samples, take_sample
        from cove.host.files import write_atomic

        sample = take_sample(read_inventory().gpus, time.time())
        write_atomic(_path(machine), render_samples(add_sample(read_use(machine), sample)))


def read_use(machine: Machine) -> list[Sample]:
    """Return what was noted, oldest first; nothing where no gateway runs."""
    from cove.gpu.use import parse_samples

    try:
        with open(_path(machine), encoding="utf-8") as file:
            return parse_samples(file.read())
    except OSError:
        return []


def _path(machine: Machine) -> str:
    return f"{machine.directories.state}/gpu-use.json"
