"""Images by name, as docker and podman list them."""

from __future__ import annotations

import json

import pytest

from cove.engines.base import NamedImage
from cove.engines.images import read_images
from cove.errors import EngineError

DOCKER = "\n".join(
    json.dumps({"Repository": name, "Tag": tag, "ID": f"sha256:{tag}", "Size": size})
    for name, tag, size in (
        ("localhost/cove/digits-0123456789ab", "image", "74MB"),
        ("localhost/cove/last-good", "0123456789ab", "1.5GB"),
        ("debian", "12", "74MB"),
        ("<none>", "<none>", "1kB"),
    )
)
PODMAN = json.dumps(
    [
        {
            "Id": "a",
            "Size": 7,
            "Names": ["localhost/cove/last-good:x", *["localhost/cove/digits-x:image"] * 2],
        },
        {"Id": "b", "Size": 8, "Names": ["docker.io/library/debian:12"]},
        {"Id": "c", "Size": 9},
    ]
)


def test_docker(docker, runner) -> None:
    runner.answer("docker images", stdout=DOCKER)
    assert read_images(docker, "localhost/cove/") == [
        NamedImage("localhost/cove/digits-0123456789ab:image", "sha256:image", 74_000_000),
        NamedImage("localhost/cove/last-good:0123456789ab", "sha256:0123456789ab", 1_500_000_000),
    ]


def test_podman(podman, runner) -> None:
    runner.answer("podman images", stdout=PODMAN)
    assert read_images(podman, "localhost/cove/") == [
        NamedImage("localhost/cove/digits-x:image", "a", 7),
        NamedImage("localhost/cove/last-good:x", "a", 7),
    ]


def test_an_engine_that_does_not_say(docker, runner) -> None:
    runner.answer("docker images", code=1, stderr="no daemon")
    with pytest.raises(EngineError, match="cannot list its images: no daemon"):
        read_images(docker, "")
