"""Manifests and names in registries."""

from __future__ import annotations

import json

import pytest

from cove.errors import ConfigurationError
from cove.spec.artifact import (
    name_collection,
    name_published,
    parse_published,
    render_archive_artifact,
    render_collection_artifact,
)
from cove.spec.collection import FEATURE
from cove.spec.features import OciReference

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ghcr.io/a/b", OciReference("ghcr.io", "a/b")),
        ("ghcr.io/A/b/C:1.2", OciReference("ghcr.io", "a/b/c", "1.2")),
        ("localhost:5000/a/b", OciReference("localhost:5000", "a/b")),
        (f"localhost/a/b@{DIGEST}", OciReference("localhost", "a/b", digest=DIGEST)),
        ("ghcr.io/a/b@sha256:00", None),
        ("a/b/c", None),
        ("./a", None),
        ("", None),
    ],
)
def test_names(text: str, found: OciReference | None) -> None:
    assert parse_published(text) == found


def test_places() -> None:
    assert name_published("ghcr.io", "Ada/features", "Go") == OciReference("ghcr.io", "ada/features/go")
    assert name_collection("ghcr.io", "Ada/features") == OciReference("ghcr.io", "ada/features")
    with pytest.raises(ConfigurationError, match="Could not parse provided identifier"):
        name_published("ghcr.io", "ada features", "go")
    with pytest.raises(ConfigurationError, match="collection identifier"):
        name_collection("ghcr.io", "ada//features")


def test_the_example_of_the_reference() -> None:
    """A manifest, and its digest, that the reference's source has as an example."""
    document = {
        "id": "color",
        "version": "1.0.0",
        "name": "A feature to remind you of your favorite color",
        "options": {
            "favorite": {
                "type": "string",
                "enum": ["red", "gold", "green"],
                "default": "red",
                "description": "Choose your favorite color.",
            }
        },
    }
    made = render_archive_artifact(b"", "devcontainer-feature-color.tgz", document, FEATURE, "ghcr.io")
    layer = "0bb92d2da46d760c599d0a41ed88d52521209408b529761417090b62ee16dfd1"
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest = made.manifest.replace(empty.encode(), layer.encode()).replace(b'"size":0', b'"size":3584')
    assert made._replace(manifest=manifest).digest == (
        "sha256:dd328c25cc7382aaf4e9ee10104425d9a2561b47fe238407f6c0f77b3f8409fc"
    )


def test_a_collection() -> None:
    made = render_collection_artifact("{}", "localhost")
    document = json.loads(made.manifest)
    assert document["layers"][0]["mediaType"] == "application/vnd.devcontainers.collection.layer.v1+json"
    assert "annotations" not in document
    annotations = json.loads(render_collection_artifact("{}", "ghcr.io").manifest)["annotations"]
    assert annotations == {"com.github.package.type": "devcontainer_collection"}
