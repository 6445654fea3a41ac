"""Whose ids stand for the host user's on rootless podman."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.spec.layer import Layer
from cove.spec.merge import merge_layers
from cove.workspace.ids import read_ids_inside
from cove.workspace.image import Image

if TYPE_CHECKING:
    from cove.testing import FakeEngine
    from cove.workspace.session import Session


def image_of(engine: FakeEngine, user: str) -> Image:
    engine.add_image("debian")
    info = engine.inspect_image("debian")
    assert info is not None
    layers = (Layer(remote_user=user),)
    return Image("debian", info, layers, merge_layers(layers), "debian", {})


@pytest.mark.parametrize(
    ("name", "rootless", "user", "expected"),
    [
        ("docker", False, "dev", None),
        ("docker", True, "dev", None),
        ("podman", False, "dev", None),
        ("podman", True, "root", None),
        ("podman", True, "0:0", None),
        ("podman", True, "4321:99", (4321, 99)),
        ("podman", True, "4321:0", (4321, 1000)),
        ("podman", True, "4321", (1, 2)),
        ("podman", True, "dev", (1, 2)),
    ],
)
def test_ids(
    session: Session,
    engine: FakeEngine,
    name: str,
    rootless: bool,
    user: str,
    expected: tuple[int, int] | None,
) -> None:
    engine.told = engine.told._replace(name=name, rootless=rootless)
    engine.runner.answer("docker run", stdout="1\n2\n")
    assert read_ids_inside(session, image_of(engine, user)) == expected


@pytest.mark.parametrize(
    "answer", [{"code": 125, "stderr": "no such user"}, {"stdout": "1\n"}, {"stdout": "a b"}]
)
def test_ids_that_cannot_be_told(session: Session, engine: FakeEngine, answer: dict[str, object]) -> None:
    engine.told = engine.told._replace(name="podman", rootless=True)
    engine.runner.answer("docker run", **answer)
    assert read_ids_inside(session, image_of(engine, "dev")) is None
