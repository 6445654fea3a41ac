"""Which CUDA something needs: an image, by its environment or its name; a repository, by what it pins and installs. Pure."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cove.gpu.cuda_tables import TENSORFLOW, TORCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cove.gpu.cuda_tables import Version


class CudaNeed(NamedTuple):
    """A CUDA that something needs."""

    version: Version
    """`(12, 4)`."""
    source: str
    """What says so: `the image nvidia/cuda:12.4.1-devel-ubuntu22.04`, `requirements.txt: torch==2.6.0`."""
    certain: bool = True
    """False for a framework that is not pinned: the installer takes what is newest on its day."""
    usual: bool = False
    """It is what this version of a framework has by default; a build or an index that is named elsewhere says more."""
    branches: tuple[int, ...] = ()
    """The branches of older drivers on which the image's own compatibility package runs; empty: not said."""
    packaged: bool = False
    """The image has that package."""

    @property
    def text(self) -> str:
        """`CUDA 12.4`."""
        return "CUDA " + ".".join(map(str, self.version))


ENVIRONMENT = {
    "NVIDIA_REQUIRE_CUDA": r"cuda>=(\d+)\.(\d+)",
    "CUDA_VERSION": r"^(\d+)\.(\d+)[\d.]*",
}
"""Variables of an image that tell the CUDA it needs (container toolkit, "Constraints")."""
IMAGE_CUDA = re.compile(r"(?:^|[-_.:/])cuda[-_:]?(\d+)\.(\d+)|(?:^|/)nvidia/cuda:(\d+)\.(\d+)", re.IGNORECASE)
PINS = (
    (re.compile(r"^torch\s*==\s*[\d.]+\+cu(\d+)(\d)\b"), None),
    (re.compile(r"^torch(?:\[[^\]]*\])?\s*(?:==|~=|=\s*\"(?:==)?)\s*(\d+)\.(\d+)(?![^;]*\+)"), TORCH),
    (re.compile(r"^tensorflow(?:\[and-cuda\])\s*(?:==|~=)\s*(\d+)\.(\d+)"), TENSORFLOW),
    (re.compile(r"^nvidia-cuda-runtime(?:-cu\d+)?\s*==\s*(\d+)\.(\d+)"), None),
    (re.compile(r"^cuda-toolkit(?:\[[^\]]*\])?\s*==\s*(\d+)\.(\d+)"), None),
    (re.compile(r"^(?:pytorch-cuda|cuda-version|cudatoolkit)\s*=+\s*(\d+)\.(\d+)"), None),
    (re.compile(r"^jax\[cuda(\d+)(?:[-_]\w+)?\]()"), None),
    (re.compile(r"^jax-cuda(\d+)-(?:plugin|pjrt)()"), None),
    (re.compile(r"^jaxlib\s*==\s*[\d.]+\+cuda(\d+)()"), None),
    (re.compile(r"^cupy-cuda(\d+)x()"), None),
    (re.compile(r"/whl/cu(\d+)(\d)\b"), None),
)
"""Lines of requirements and environment files, and the table by which their version is one of CUDA (None: it is one)."""
BUILD = re.compile(r"/whl/(cpu|cu\d+|rocm)|\btorch[^\n]*\+(cpu|cu\d+|rocm)|\+(cpu|cu\d+|rocm)[\d.]*\"")
"""By what a text names the build of PyTorch's wheels: an index, or the local part of a version."""
INSTALL = re.compile(
    r"\b(?:pip[\d.]*|uv|conda|mamba|micromamba|pixi|poetry|pdm)\b.*?\b(?:install|add|create)\b(.*)"
)
WORDS = re.compile(r"[^\s\"',;&|(){}\\]+")
UNPINNED = re.compile(r"^torch(?:\[[^\]]*\])?\s*(?:$|>=?\s*[\d.]+\s*$|;)")


def find_image_need(reference: str, env: Mapping[str, str]) -> CudaNeed | None:
    """Return the CUDA an image needs, by its environment (NVIDIA_REQUIRE_CUDA, CUDA_VERSION), else by its name and tag.

    Of a requirement such as `cuda>=12.4 brand=tesla,driver>=470,driver<471` what counts is the CUDA: the alternatives
    behind it name branches of older drivers on which the image's own compatibility package runs.
    """
    for variable, pattern in ENVIRONMENT.items():
        if found := re.search(pattern, env.get(variable, "")):
            version = int(found[1]), int(found[2])
            source = f"the image {reference} ({variable} {found[0].removeprefix('cuda')})"
            branches = {int(branch) for branch in re.findall(r"driver>=(\d+)", env[variable])}
            packaged = "NV_CUDA_COMPAT_PACKAGE" in env
            return CudaNeed(version, source, branches=tuple(sorted(branches)), packaged=packaged)
    found = IMAGE_CUDA.search(reference)
    if found is None:
        return None
    major, minor = found[1] or found[3], found[2] or found[4]
    return CudaNeed((int(major), int(minor)), f"the image {reference}")


LOCKED = re.compile(r'^name = "([^"]+)"\nversion = "([^"]+)"', re.MULTILINE)
"""A package in uv.lock, poetry.lock, pdm.lock."""


def find_text_needs(text: str, name: str) -> list[CudaNeed]:
    """Return the CUDAs that the lines of a requirements, lock or environment file need; `name` is the file's."""
    locked = [f"{package}=={version}" for package, version in LOCKED.findall(text)]
    return _needs_of(locked or text.splitlines(), name)


def find_command_needs(text: str, name: str) -> list[CudaNeed]:
    """Return the CUDAs of what a Dockerfile or a lifecycle command installs with pip, uv, conda and their like."""
    return _needs_of((word for words in _installs(text) for word in words), name)


def find_requirement_files(text: str) -> list[str]:
    """Return the files of requirements that such commands name, as they are written."""
    return [
        word
        for words in _installs(text)
        for option, word in pairwise(words)
        if option in {"-r", "--requirement", "--file"}
    ]


def _installs(text: str) -> list[list[str]]:
    """Return the words behind each `pip install` and its like; comments do not count."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    whole = re.sub(r"\\\n", " ", "\n".join(lines))
    commands = re.split(r"\n|&&|;|\|\|", re.sub(r"[\"',]+ *", " ", whole))
    return [WORDS.findall(found[1]) for command in commands if (found := INSTALL.search(command))]


def _needs_of(lines: Iterable[str], name: str) -> list[CudaNeed]:
    needs = []
    for line in lines:
        plain = re.sub(r"^[\s\-\"']+", "", line).split("#")[0].rstrip("\"', \\")
        for pattern, table in PINS:
            found = pattern.search(plain)
            if found is None:
                continue
            version = (int(found[1]), int(found[2] or 0))
            cuda = version if table is None else look_up(table, version)
            if cuda is not None:
                needs.append(CudaNeed(cuda, f"{name}: {plain}", usual=table is TORCH))
            break
        else:
            if UNPINNED.search(plain):
                needs.append(
                    CudaNeed(TORCH[-1][1], f"{name}: {plain} (not pinned)", certain=False, usual=True)
                )
    return needs


def settle_needs(needs: Iterable[CudaNeed], texts: Iterable[str]) -> list[CudaNeed]:
    """Return the needs that count, one for each CUDA, of all that a repository's texts say.

    An index or a build (`/whl/cu124`, `2.6.0+cpu`) says more than what PyTorch's version has by default; where one for
    the CPU is named as well, nothing is certain. A lock says more than what is not pinned elsewhere.
    """
    known = list(needs)
    builds = {build for text in texts for found in BUILD.findall(text) for build in found if build}
    if builds:
        known = [need for need in known if not need.usual]
    if "cpu" in builds:
        known = [need._replace(certain=need.certain and "/whl/" not in need.source) for need in known]
    if any(".lock: " in need.source for need in known):
        known = [need for need in known if need.certain]
    return list({need.version: need for need in reversed(known)}.values())


def look_up(table: Iterable[tuple[Version, Version]], version: Version) -> Version | None:
    """Return the value of the last row that begins at or before a version; None before the first one."""
    found = None
    for begins, value in table:
        if begins <= version:
            found = value
    return found
