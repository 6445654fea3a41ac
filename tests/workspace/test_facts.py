"""What every container's plan needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.spec.merge import merge_layers
from cove.workspace.facts import read_facts
from cove.workspace.image import Image

if TYPE_CHECKING:
    from cove.testing import FakeEngine
    from cove.workspace.session import Session


@pytest.mark.parametrize(
    ("name", "rootless", "expected"),
    [("podman", True, True), ("podman", False, False), ("docker", True, False)],
)
def test_facts(session: Session, engine: FakeEngine, name: str, rootless: bool, expected: bool) -> None:
    engine.told = engine.told._replace(name=name, rootless=rootless)
    session.proxies = {"http_proxy": "http://p"}
    info = engine.add_image("debian", user="root")
    facts = read_facts(session, Image("debian", info, (), merge_layers(()), "debian", {}), "nets")
    assert (facts.name, facts.owner_uid, facts.rootless_podman) == ("nets", 1000, expected)
    assert (facts.proxies, facts.mounts, facts.gpus) == ({"http_proxy": "http://p"}, (), None)
