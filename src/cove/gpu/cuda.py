"""Whether a driver and its GPUs can run the CUDA that an image or a repository needs. Pure.

Only the old hook of NVIDIA's toolkit checks this by itself; with CDI a container whose CUDA is too new starts, and
fails later inside CUDA. So it is told before anything is pulled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from cove.gpu.cuda_needs import look_up
from cove.gpu.cuda_tables import CAPABILITIES, COMPAT, DATA_CENTRE, FLOORS, SHIPPED_WITH, TORCH
from cove.gpu.inventory import NVIDIA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.gpu.cuda_needs import CudaNeed
    from cove.gpu.cuda_tables import Version
    from cove.gpu.inventory import Gpu


class Verdict(NamedTuple):
    """Whether it will run."""

    kind: Literal["fits", "compat", "unfit", "unknown"]
    text: str
    hint: str = ""


def judge(need: CudaNeed, driver: str, gpus: Sequence[Gpu]) -> Verdict:
    """Return whether a driver (`550.54.15`) and these GPUs run what is needed.

    By minor version compatibility a driver runs every CUDA of a major version whose first driver it is not older than.
    """
    version = parse_version(driver)
    nvidia = [gpu for gpu in gpus if gpu.vendor == NVIDIA]
    floor = FLOORS.get(need.version[0])
    if not version or not nvidia or floor is None:
        return Verdict("unknown", f"whether {need.text} runs here is not known")
    for gpu in nvidia:
        if wrong := _capability_problem(need, gpu):
            return wrong
    if version >= floor:
        newest = newest_cuda(version)
        by = "" if need.version <= newest else ", newer than the driver's own, by minor version compatibility"
        return Verdict("fits", f"{need.text} runs on driver {driver}{by}")
    problem = f"{need.source} needs {need.text}, and driver {driver} {_reach(version)}"
    update = f"Update the driver to {dotted(floor)} or newer, or use {_older(version)}."
    branches = need.branches or look_up(COMPAT, need.version) or ()
    if version[0] not in branches or not all(is_data_centre(gpu.name) for gpu in nvidia):
        return Verdict("unfit", problem, update)
    package = f"cuda-compat-{need.version[0]}-{need.version[1]}"
    if need.packaged:
        return Verdict(
            "compat",
            f"{need.text} runs on driver {driver} by {package}, which is in the image",
            f"Without it: {update[0].lower()}{update[1:]}",
        )
    return Verdict("compat", f"{problem}, unless {package} is in the image, as it is in NVIDIA's own", update)


def _capability_problem(need: CudaNeed, gpu: Gpu) -> Verdict | None:
    capability = parse_version(gpu.capability)
    row = next((row for row in reversed(CAPABILITIES) if capability and row[0] <= capability), None)
    if row is None:
        return None
    _, first, last = row
    what = f"{gpu.name} (compute capability {gpu.capability})"
    if need.version < first:
        return Verdict(
            "unfit",
            f"{need.source} needs {need.text}, which does not know {what}",
            f"Use CUDA {dotted(first)} or newer, and a framework built for it.",
        )
    if last is not None and need.version > last:
        return Verdict(
            "unfit",
            f"{need.source} needs {need.text}, which has given up {what}",
            f"Use CUDA {dotted(last)} or older, and a framework built for it.",
        )
    return None


def _reach(driver: Version) -> str:
    newest = newest_cuda(driver)
    return f"runs CUDA up to {dotted(newest)}" if any(newest) else "is older than any that runs CUDA 11"


def newest_cuda(driver: Version) -> Version:
    """Return the newest CUDA that a driver brought along; (0, 0) for one older than all of the table."""
    return max((cuda for cuda, shipped in SHIPPED_WITH.items() if shipped <= driver), default=(0, 0))


def _older(driver: Version) -> str:
    majors = [major for major, floor in FLOORS.items() if floor <= driver]
    if not majors:
        return "an older CUDA"
    cuda = max(cuda for cuda in SHIPPED_WITH if cuda[0] == max(majors))
    newer = [begins for begins, value in TORCH if value[0] > max(majors)]
    named = f" (of PyTorch's own wheels those before {dotted(newer[0])})" if newer else ""
    return f"an image and wheels for CUDA {dotted(cuda)} or older{named}"


def is_data_centre(name: str) -> bool:
    """Return whether a GPU is one of those for which NVIDIA makes the packages cuda-compat."""
    return bool(set(re.split(r"[\s\-]+", name.upper())) & set(DATA_CENTRE))


def parse_version(text: str) -> Version:
    """Return the numbers a version begins with, empty when there are none.

    >>> parse_version("550.54.15"), parse_version("12.4.1-devel"), parse_version("")
    ((550, 54, 15), (12, 4, 1), ())
    """
    found = re.match(r"\d+(?:\.\d+)*", text.strip())
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def dotted(version: Version) -> str:
    """Return a version as it is written: `12.4`."""
    return ".".join(str(number) for number in version)
