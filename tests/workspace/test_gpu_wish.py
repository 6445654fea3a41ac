"""The wish for GPUs: one request out of options, files and image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, UsageError
from cove.spec.gpus import GpuRequest
from cove.workspace.gpu_wish import GpuOptions, read_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.image import Image
    from cove.workspace.read import Reading


@pytest.mark.parametrize(
    ("said", "options", "expected"),
    [
        ("", GpuOptions(), None),
        ('"hostRequirements": {"gpu": "optional"}', GpuOptions(), GpuRequest(optional=True)),
        ('"runArgs": ["--gpus", "all"]', GpuOptions(), GpuRequest(-1)),
        ('"customizations": {"cove": {"gpus": 2}}', GpuOptions(share=True), GpuRequest(2, shared=True)),
        ('"runArgs": ["--gpus", "all"]', GpuOptions("1"), GpuRequest(1)),
    ],
)
def test_one_request(
    asked: Callable[..., tuple[Reading, Image]], said: str, options: GpuOptions, expected: GpuRequest | None
) -> None:
    reading, image = asked('{"image": "debian"' + (f", {said}" if said else "") + "}")
    found = read_request(reading, image, options)
    assert (found and found._replace(origin="")) == expected


@pytest.mark.parametrize("env", [{"CUDA_VERSION": "12.4.1"}, {"NVIDIA_VISIBLE_DEVICES": "all"}])
def test_an_image_that_is_made_for_cuda_gets_one_if_there_is_one(
    asked: Callable[..., tuple[Reading, Image]], engine: FakeEngine, env: dict[str, str]
) -> None:
    engine.add_image("debian", env=env)
    reading, image = asked('{"image": "debian"}')
    request = read_request(reading, image, GpuOptions())
    assert request == GpuRequest(maker="nvidia", optional=True, origin="the image is made for CUDA")
    assert (wish := read_request(reading, image, GpuOptions("device=1"))) is not None
    assert wish.maker == ""  # who names one means it


def test_mistakes_name_their_place(asked: Callable[..., tuple[Reading, Image]]) -> None:
    with pytest.raises(
        ConfigurationError, match=r"\.devcontainer\.json:2:38: `customizations\.cove\.gpus\.count`"
    ):
        asked('{"image": "debian",\n"customizations": {"cove": {"gpus": {"count": []}}}}')
    config = '{"image": "debian", "runArgs": ["--gpus=all"],\n"customizations": {"cove": {"gpus": 1}}}'
    reading, image = asked(config)
    with pytest.raises(UsageError, match=r"\.devcontainer\.json:2:29 .* and of .*\.devcontainer\.json:1:33"):
        read_request(reading, image, GpuOptions())
