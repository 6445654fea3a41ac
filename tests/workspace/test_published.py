"""Collections published, and read again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NetworkError
from cove.spec.collection import FEATURE
from cove.spec.features import OciReference
from cove.workspace.collection import Packed
from cove.workspace.features import open_registry
from cove.workspace.published import Place, fetch_published, publish_collection

if TYPE_CHECKING:
    from testbed.memory_registry import MemoryRegistry

    from cove.workspace.session import Session


def packed(name: str = "go", version: str = "1.0.0", **more: object) -> Packed:
    document = {"id": name, "version": version, "name": name, **more}
    return Packed(document, "x.tgz", f"{name} {version}".encode())  # type: ignore[arg-type]


def test_tags_and_the_collection(session: Session, writable_registry: MemoryRegistry) -> None:
    place = Place(writable_registry.address, "ada/features")
    result = publish_collection(session, [packed(legacyIds=["golang"])], FEATURE, place)
    tags = ["1", "1.0", "1.0.0", "latest"]
    digest = result["go"]["digest"]
    assert result == {
        "go": {"publishedTags": tags, "digest": digest, "version": "1.0.0", "publishedLegacyIds": ["golang"]}
    }
    assert writable_registry.tags("ada/features/go") == writable_registry.tags("ada/features/golang") == tags
    assert writable_registry.tags("ada/features") == ["latest"]

    again = publish_collection(session, [packed(), packed("rust")], FEATURE, place)
    assert (again["go"], again["rust"]["publishedTags"]) == ({}, tags)
    fixed = publish_collection(session, [packed(version="0.9.1")], FEATURE, place)
    assert fixed["go"]["publishedTags"] == ["0", "0.9", "0.9.1"]

    registry, _ = open_registry(session)
    found = fetch_published(registry, OciReference(writable_registry.address, "ada/features/go", "1"))
    assert found.canonical_id == f"{writable_registry.address}/ada/features/go@{digest}"
    assert json.loads(found.metadata)["legacyIds"] == ["golang"]


def test_nothing_is_sent_when_one_cannot_be(session: Session, writable_registry: MemoryRegistry) -> None:
    place = Place(writable_registry.address, "ada/features")
    for bad, message in (
        (packed("b", "1.0"), "Version 1.0 is not a valid semantic version"),
        (packed("b", legacyIds=["no name"]), "Could not parse provided identifier"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            publish_collection(session, [packed(), bad], FEATURE, place)
    with pytest.raises(ConfigurationError, match="Could not parse"):
        publish_collection(session, [packed()], FEATURE, place._replace(namespace="a b"))
    assert not writable_registry.asked


def test_a_mirror_is_not_written_to(session: Session, writable_registry: MemoryRegistry) -> None:
    session.settings = session.settings._replace(registry_mirrors={writable_registry.address: "127.0.0.1:1"})
    place = Place(writable_registry.address, "ada/features")
    assert publish_collection(session, [packed()], FEATURE, place)["go"]


def test_something_else(session: Session, writable_registry: MemoryRegistry) -> None:
    layer = {"digest": f"sha256:{'0' * 64}"}
    for config in ({"mediaType": "application/vnd.oci.image.config.v1+json"}, None):
        image = json.dumps({"config": config, "layers": [layer]})
        writable_registry.manifests["a/b", "latest"] = image.encode()
        with pytest.raises(NetworkError, match="neither Feature nor Template"):
            fetch_published(open_registry(session)[0], OciReference(writable_registry.address, "a/b"))
