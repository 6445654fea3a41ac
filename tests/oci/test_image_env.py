"""An image's environment, from a registry on loopback."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from cove.errors import ConfigurationError, NetworkError
from cove.host.http import HttpClient
from cove.oci.image_env import fetch_image_env, parse_image_reference
from cove.oci.registry import Registry
from cove.spec.features import OciReference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("debian", OciReference("docker.io", "library/debian")),
        ("debian:12", OciReference("docker.io", "library/debian", "12")),
        ("nvidia/cuda:12.4.1-base", OciReference("docker.io", "nvidia/cuda", "12.4.1-base")),
        ("localhost:5000/a/b/c:1", OciReference("localhost:5000", "a/b/c", "1")),
        ("nvcr.io/nvidia/pytorch:25.01-py3", OciReference("nvcr.io", "nvidia/pytorch", "25.01-py3")),
        ("localhost/cove/base", OciReference("localhost", "cove/base")),
        ("ghcr.io/a/b:1@sha256:00", OciReference("ghcr.io", "a/b", "1", "sha256:00")),
    ],
)
def test_references(text: str, expected: OciReference) -> None:
    assert parse_image_reference(text) == expected


def put(registry: Any, kind: str, document: object, *names: str) -> str:
    body = json.dumps(document).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    for name in (digest, *names):
        registry.pages[f"/v2/a/train/{kind}/{name}"] = body
    return digest


def publish(registry: Any, *names: str, env: object = ("CUDA_VERSION=12.4.1", "A=b=c")) -> str:
    config = put(registry, "blobs", {"architecture": "amd64", "config": {"Env": env}})
    return put(registry, "manifests", {"config": {"digest": config}, "layers": []}, *names)


def ask(registry: Any, reference: str = "a/train:1", mirrors: dict[str, str] | None = None) -> dict[str, str]:
    asking = Registry(HttpClient({}, attempts=1), lambda _: None, mirrors)
    return fetch_image_env(asking, reference if mirrors else f"{registry.name}/{reference}", "amd64")


@pytest.mark.parametrize("wants", ["", "bearer"])
def test_one_platform(registry: Any, wants: str) -> None:
    digest = publish(registry, "1")
    registry.wants = wants
    assert ask(registry) == {"CUDA_VERSION": "12.4.1", "A": "b=c"}
    assert ask(registry, f"a/train@{digest}") == {"CUDA_VERSION": "12.4.1", "A": "b=c"}
    assert ask(registry, "a/train:1", {"docker.io": registry.name})["A"] == "b=c"


def test_several_platforms(registry: Any) -> None:
    arm, amd = publish(registry, env=["A=arm"]), publish(registry, env=["A=amd"])
    platforms = [
        {"digest": "sha256:00", "platform": {"os": "unknown", "architecture": "amd64"}},
        {"digest": arm, "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": amd, "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    put(registry, "manifests", {"manifests": platforms}, "1")
    put(registry, "manifests", {"manifests": platforms[:2]}, "2")
    assert ask(registry) == {"A": "amd"}
    with pytest.raises(NetworkError, match="not for Linux on amd64"):
        ask(registry, "a/train:2")


def test_what_is_not_there_or_no_image(registry: Any) -> None:
    with pytest.raises(ConfigurationError, match="has no"):
        ask(registry)
    put(registry, "manifests", ["no", "image"], "1")
    with pytest.raises(NetworkError, match="is no image"):
        ask(registry)
    publish(registry, "1", env=None)
    assert ask(registry) == {}
    digest = publish(registry, "1")
    registry.pages[f"/v2/a/train/manifests/{digest}"] = b"{}"
    with pytest.raises(NetworkError, match="not what was locked"):
        ask(registry, f"a/train@{digest}")
