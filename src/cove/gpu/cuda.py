"""Whether a driver and its GPUs can run the CUDA that an image or a repository needs. Pure.

Only the old hook of NVIDIA's toolkit checks this by itself; with CDI a container whose CUDA is too new starts, and
fails later inside CUDA. So it is told before anything is pulled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from cove.gpu.cuda_tables import CAPABILITIES, DATA_CENTRE, FLOORS, SHIPPED_WITH, TENSORFLOW, TORCH
from cove.gpu.inventory import NVIDIA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.gpu.cuda_tables import Version
    from cove.gpu.inventory import Gpu


class CudaNeed(NamedTuple):
    """A CUDA that something needs."""

    version: Version
    """`(12, 4)`."""
    source: str
    """What says so: `the image nvidia/cuda:12.4.1-devel-ubuntu22.04`, `requirements.txt: torch==2.6.0`."""
    certain: bool = True
    """False for a framework that is not pinned: the installer takes what is newest on its day."""

    @property
    def text(self) -> str:
        """`CUDA 12.4`."""
        return f"CUDA {_dotted(self.version)}"


class Verdict(NamedTuple):
    """Whether it will run."""

    kind: Literal["fits", "compat", "unfit", "unknown"]
    text: str
    hint: str = ""


# -- what is needed ----------------------------------------------------------------------------------------------------

ENVIRONMENT = {
    "NVIDIA_REQUIRE_CUDA": r"cuda>=(\d+)\.(\d+)",
    "CUDA_VERSION": r"^(\d+)\.(\d+)[\d.]*",
}
"""Variables of an image that tell the CUDA it needs (container toolkit, "Constraints")."""
IMAGE_CUDA = re.compile(r"(?:^|[-_.:/])cuda[-_:]?(\d+)\.(\d+)|(?:^|/)nvidia/cuda:(\d+)\.(\d+)", re.IGNORECASE)
PINS = (
    (re.compile(r"^torch\s*==\s*[\d.]+\+cu(\d+)(\d)\b"), None),
    (re.compile(r"^torch(?:\[[^\]]*\])?\s*(?:==|~=)\s*(\d+)\.(\d+)"), TORCH),
    (re.compile(r"^tensorflow(?:\[and-cuda\])\s*(?:==|~=)\s*(\d+)\.(\d+)"), TENSORFLOW),
    (re.compile(r"^nvidia-cuda-runtime(?:-cu\d+)?\s*==\s*(\d+)\.(\d+)"), None),
    (re.compile(r"^cuda-toolkit(?:\[[^\]]*\])?\s*==\s*(\d+)\.(\d+)"), None),
    (re.compile(r"^(?:pytorch-cuda|cuda-version)\s*=+\s*(\d+)\.(\d+)"), None),
    (re.compile(r"^jax\[cuda(\d+)(?:[-_]\w+)?\]()"), None),
    (re.compile(r"^cupy-cuda(\d+)x()"), None),
    (re.compile(r"/whl/cu(\d+)(\d)\b"), None),
)
"""Lines of requirements and environment files, and the table by which their version is one of CUDA."""
UNPINNED = re.compile(r"^torch(?:\[[^\]]*\])?\s*(?:$|>=?\s*[\d.]+\s*$|;)")


def find_image_need(reference: str, env: Mapping[str, str]) -> CudaNeed | None:
    """Return the CUDA an image needs, by its environment (NVIDIA_REQUIRE_CUDA, CUDA_VERSION), else by its name and tag.

    Of a requirement such as `cuda>=12.4 brand=tesla,driver>=470,driver<471` what counts is the CUDA: the alternatives
    behind it name branches on which the image's own compatibility package runs, and `judge` knows those.
    """
    for variable, pattern in ENVIRONMENT.items():
        if found := re.search(pattern, env.get(variable, "")):
            version = int(found[1]), int(found[2])
            return CudaNeed(version, f"the image {reference} ({variable} {found[0].removeprefix('cuda')})")
    found = IMAGE_CUDA.search(reference)
    if found is None:
        return None
    major, minor = found[1] or found[3], found[2] or found[4]
    return CudaNeed((int(major), int(minor)), f"the image {reference}")


LOCKED = re.compile(r'^name = "([^"]+)"\nversion = "([^"]+)"', re.MULTILINE)
"""A package in uv.lock, poetry.lock, pdm.lock."""


def find_text_needs(text: str, name: str) -> list[CudaNeed]:
    """Return the CUDAs that the lines of a requirements, lock or environment file need; `name` is the file's."""
    needs = []
    locked = [f"{package}=={version}" for package, version in LOCKED.findall(text)]
    for line in locked or text.splitlines():
        plain = re.sub(r"^[\s\-\"']+", "", line).split("#")[0].rstrip("\"', \\")
        for pattern, table in PINS:
            found = pattern.search(plain)
            if found is None:
                continue
            version = (int(found[1]), int(found[2] or 0))
            cuda = version if table is None else look_up(table, version)
            if cuda is not None:
                needs.append(CudaNeed(cuda, f"{name}: {plain}"))
            break
        else:
            if UNPINNED.search(plain):
                needs.append(CudaNeed(TORCH[-1][1], f"{name}: {plain} (not pinned)", certain=False))
    return needs


def look_up(table: Iterable[tuple[Version, Version]], version: Version) -> Version | None:
    """Return the value of the last row that begins at or before a version; None before the first one."""
    found = None
    for begins, value in table:
        if begins <= version:
            found = value
    return found


# -- whether it fits ---------------------------------------------------------------------------------------------------


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
    problem = f"{need.source} needs {need.text}, and driver {driver} runs CUDA up to {_dotted(newest_cuda(version))}"
    update = f"Update the driver to {_dotted(floor)} or newer, or use {_older(version)}."
    if all(is_data_centre(gpu.name) for gpu in nvidia):
        package = f"cuda-compat-{need.version[0]}-{need.version[1]}"
        return Verdict("compat", f"{problem}, unless {package} is in the image", update)
    return Verdict("unfit", problem, update)


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
            f"Use CUDA {_dotted(first)} or newer, and a framework built for it.",
        )
    if last is not None and need.version > last:
        return Verdict(
            "unfit",
            f"{need.source} needs {need.text}, which has given up {what}",
            f"Use CUDA {_dotted(last)} or older, and a framework built for it.",
        )
    return None


def newest_cuda(driver: Version) -> Version:
    """Return the newest CUDA that a driver brought along; (0, 0) for one older than all of the table."""
    return max((cuda for cuda, shipped in SHIPPED_WITH.items() if shipped <= driver), default=(0, 0))


def _older(driver: Version) -> str:
    majors = [major for major, floor in FLOORS.items() if floor <= driver]
    if not majors:
        return "an older CUDA"
    cuda = max(cuda for cuda in SHIPPED_WITH if cuda[0] == max(majors))
    newer = [begins for begins, value in TORCH if value[0] > max(majors)]
    named = f" (of PyTorch's own wheels those before {_dotted(newer[0])})" if newer else ""
    return f"an image and wheels for CUDA {_dotted(cuda)} or older{named}"


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


def _dotted(version: Version) -> str:
    return ".".join(str(number) for number in version)
