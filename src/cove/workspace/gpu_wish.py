"""The GPUs that a workspace wishes for: what a person said, and what its files and its image say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.gpu.inventory import NVIDIA
from cove.spec.gpus import (
    choose_request,
    parse_cove_gpus,
    parse_gpu_option,
    parse_requirement,
    split_run_args,
)
from cove.spec.narrow import Spot

if TYPE_CHECKING:
    from cove.spec.gpus import GpuRequest
    from cove.workspace.image import Image
    from cove.workspace.read import Reading


class GpuOptions(NamedTuple):
    """What a person may say of GPUs on the command line."""

    gpus: str = ""
    """The value of --gpus; empty: not said."""
    share: bool = False
    wait: bool = False


def read_request(reading: Reading, image: Image | None, options: GpuOptions) -> GpuRequest | None:
    """Return the one request that options, files and image make; without an image, what the file alone says.

    Raises UsageError, ConfigurationError.
    """
    configuration = reading.configuration
    spot = Spot(_text(configuration.path), configuration.path)
    cove = configuration.cove.get("gpus")
    requirements = image.merged.host_requirements if image else configuration.layer.host_requirements
    for_cuda = _needs_gpu(image) if image else ""
    request = choose_request(
        option=parse_gpu_option(options.gpus) if options.gpus else None,
        cove=None if cove is None else parse_cove_gpus(cove, spot / "customizations" / "cove" / "gpus"),
        run_args=split_run_args(configuration.run_args, spot / "runArgs")[0],
        requirement=parse_requirement(requirements or {}, "hostRequirements.gpu"),
        needed_by_image=for_cuda,
    )
    if request is None:
        return None
    maker = NVIDIA if for_cuda and request.wants_some and not (request.ids or request.name) else ""
    return request._replace(shared=request.shared or options.share, maker=maker)


def _needs_gpu(image: Image) -> str:
    """Return why an image is made for NVIDIA's GPUs (container toolkit, "Environment variables"), or nothing."""
    env = image.info.env
    if env.get("NVIDIA_VISIBLE_DEVICES", "void") not in {"", "void", "none"} or "CUDA_VERSION" in env:
        return "the image is made for CUDA"
    return ""


def _text(path: str) -> str:
    """Return a configuration's text, for the places of errors; it has been read before."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
