"""Whether a running container still has the GPUs it was given, and if not, why. Pure.

A container can lose them while it runs: systemd's `daemon-reload` renews the rules by which control groups allow
devices, and forgets what the engine had added (NVIDIA/nvidia-docker issue 1730); a driver is updated below it; a GPU
falls off the bus. Inside, all of it looks like NVML's `Unknown Error`, or like no GPU at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.gpu.inventory import AMD, NVIDIA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.gpu.inventory import Gpu, Inventory

PROBE = """\
for node in /dev/nvidiactl /dev/nvidia-uvm /dev/nvidia[0-9]* /dev/kfd /dev/dri/renderD*; do
  [ -e "$node" ] || continue
  said=$( (: <>"$node") 2>&1 ) && said=ok
  echo "$node ${said:-refused}"
done
"""
"""Run in the container by root: whether each device file can be opened, by a shell alone."""
CONTROL = ((NVIDIA, "/dev/nvidiactl"), (NVIDIA, "/dev/nvidia-uvm"), (AMD, "/dev/kfd"))
"""Device files that all GPUs of a maker need."""
REPAIR = "`cove up --repair` makes the container anew, with the same volumes and GPUs."
ANOTHER = "`cove up --repair` makes the container anew with another GPU, as the files wish."
FOREVER = (
    " So that it does not happen again: give GPUs by CDI, or `sudo nvidia-ctk system create-dev-char-symlinks"
    " --create-all` at each boot."
)


class Loss(NamedTuple):
    """GPUs that a container was given and has no more."""

    text: str
    """What happened, as a clause."""
    hint: str
    repairable: bool = True
    """A new container would have GPUs again."""
    same: bool = True
    """It can be the same ones."""


def parse_probe(text: str) -> dict[str, str]:
    r"""Return what became of opening each device file: its path, and `ok` or the reason.

    >>> parse_probe("/dev/nvidia0 ok\n/dev/nvidiactl sh: 3: cannot open /dev/nvidiactl: Operation not permitted\n")
    {'/dev/nvidia0': 'ok', '/dev/nvidiactl': 'Operation not permitted'}
    """
    lines = (line.partition(" ") for line in text.splitlines() if line.startswith("/dev/"))
    return {node: said.rpartition(": ")[2].strip() for node, _, said in lines}


def judge_health(
    uuids: Sequence[str], inventory: Inventory, opened: Mapping[str, str] | None, *, module: str = ""
) -> Loss | None:
    """Return what a container that holds these GPUs has lost, None when it still has them.

    `opened` is what a probe told, None where nothing is known; `module` the version of the driver's kernel module
    when the container started, empty where that is not known.
    """
    if not inventory.gpus and inventory.problems:
        problem = inventory.problems[0]
        return Loss(problem.text, f"{problem.hint} Then {REPAIR}", repairable=False)
    held = [gpu for gpu in inventory.gpus if gpu.uuid in uuids]
    if gone := _gone(uuids, held):
        return gone
    now = inventory.hardware.module
    if module and now and module != now:
        return Loss(
            f"NVIDIA's driver was updated from {module} to {now}, and the container has the old one's libraries",
            REPAIR,
        )
    return None if opened is None else _refused([] if inventory.hardware.dxg else held, opened)


def _gone(uuids: Sequence[str], held: Sequence[Gpu]) -> Loss | None:
    missing = set(uuids) - {gpu.uuid for gpu in held}
    if missing:
        return Loss(f"{', '.join(sorted(missing))} is not in this machine any more", ANOTHER, same=False)
    broken = next((gpu for gpu in held if gpu.problem), None)
    if broken:
        return Loss(
            f"GPU {broken.id} cannot be used: {broken.problem}",
            f"The machine must be restarted. {ANOTHER}",
            same=False,
        )
    return None


def _refused(held: Sequence[Gpu], opened: Mapping[str, str]) -> Loss | None:
    """Return the loss that device files tell of which belong to these GPUs; others may be there and be no use.

    What control groups refuse is `not permitted`. `Permission denied` is about the file's group, which a rootless
    engine's root need not have, and its user may.
    """
    needed = [
        node for vendor, node in CONTROL if node in opened and any(gpu.vendor == vendor for gpu in held)
    ]
    needed += [gpu.node for gpu in held if gpu.node.startswith("/dev/")]
    for node in needed:
        said = opened.get(node)
        if said is None:
            return Loss(f"{node} is not in the container any more", REPAIR)
        if re.search("not permitted", said, re.IGNORECASE):
            return Loss(
                f"the rules for the container's devices were renewed without {node} (systemd's daemon-reload does that): "
                "inside, NVML fails with `Unknown Error`",
                REPAIR + FOREVER,
            )
        if said != "ok" and not re.search("permission denied", said, re.IGNORECASE):
            return Loss(f"{node} cannot be opened in the container: {said}", REPAIR)
    return None
