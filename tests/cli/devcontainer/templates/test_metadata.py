"""The manifest of a published Template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from testbed.memory_registry import MemoryRegistry

pytestmark = pytest.mark.usefixtures("engine")


def put(registry: MemoryRegistry, **annotations: str) -> str:
    manifest = {
        "config": {"mediaType": "application/vnd.devcontainers"},
        "layers": [{"digest": f"sha256:{'0' * 64}"}],
        "annotations": annotations,
    }
    registry.manifests["a/b/t", "latest"] = json.dumps(manifest).encode()
    return f"{registry.address}/a/b/t"


def test_printed(writable_registry: MemoryRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    name = put(writable_registry, **{"dev.containers.metadata": '{"id": "t", "name": "Tä"}'})
    assert main(["devcontainer", "templates", "metadata", name]) == 0
    assert capsys.readouterr().out == '{"id":"t","name":"Tä"}\n'


@pytest.mark.parametrize(
    ("name", "annotations", "said"),
    [
        ("./x", {}, "Failed to parse"),
        ("", {}, "does not contain metadata"),
        ("", {"dev.containers.metadata": "{"}, "is no JSON"),
        ("{}/a/b/none", {}, "has no"),
    ],
)
def test_none(
    writable_registry: MemoryRegistry,
    name: str,
    annotations: dict[str, str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = put(writable_registry, **annotations)
    wanted = name.replace("{}", writable_registry.address) or there
    assert main(["devcontainer", "templates", "metadata", wanted]) == 1
    told = capsys.readouterr()
    assert told.out == "{}\n"
    assert said in told.err
