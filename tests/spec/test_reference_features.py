"""Features in the reference's shape; what it really prints is compared in tests/cli/devcontainer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cove.spec.features import LocalReference, OciReference, TarballReference, parse_manifest
from cove.spec.order import Resolved, Wanted
from cove.spec.reference_features import Installed, pick_entries, render_features, render_oci_reference

if TYPE_CHECKING:
    from cove.spec.features import Reference


def installed(text: str, reference: Reference, digest: str = "", **said: Any) -> Installed:
    manifest = parse_manifest(json.dumps({"id": "tool", **said}), "f")
    return Installed(Resolved(Wanted(text, {}), reference, manifest, digest), "/files", {"layers": []})


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        (
            OciReference("ghcr.io", "a/b/c", "1.2"),
            {"id": "c", "owner": "a", "namespace": "a/b", "version": "1.2", "tag": "1.2", "scheme": "https"},
        ),
        (OciReference("ghcr.io", "a/c", "latest", "sha256:1"), {"version": "sha256:1", "digest": "sha256:1"}),
        (OciReference("localhost:5000", "a/c"), {"scheme": "http", "resource": "localhost:5000/a/c"}),
    ],
)
def test_a_name_taken_apart(reference: OciReference, parts: dict[str, str]) -> None:
    found = render_oci_reference(reference)
    assert parts.items() <= found.items()
    assert ("tag" in found) is not ("digest" in found)


def test_each_kind_of_source() -> None:
    features = [
        installed("./tool", LocalReference("/w/tool"), name="Tool"),
        installed("https://h/tool.tgz", TarballReference("https://h/tool.tgz"), "sha256:1"),
        installed("ghcr.io/a/tool:1", OciReference("ghcr.io", "a/tool", "1"), "sha256:2", init=True),
    ]
    wished: dict[str, Any] = {"./tool": True, "https://h/tool.tgz": {}, "ghcr.io/a/tool:1": {}}
    found = render_features(features, wished, "/kept")
    assert found is not None
    local, tarball, oci = found["featureSets"]
    assert (found["dstFolder"], local["features"][0]["value"]) == ("/kept", True)
    assert [one["sourceInformation"]["type"] for one in (local, tarball, oci)] == [
        "file-path", "direct-tarball", "oci",
    ]  # fmt: skip
    assert (local["features"][0]["name"], tarball["features"][0]["name"]) == ("Tool", "https://h/tool.tgz")
    assert "name" not in oci["features"][0]
    assert [one.get("computedDigest") for one in (local, tarball, oci)] == [None, "sha256:1", "sha256:2"]
    assert oci["sourceInformation"]["userFeatureIdWithoutVersion"] == "ghcr.io/a/tool"
    assert pick_entries(found)[2] == {"id": "ghcr.io/a/tool:1", "init": True}


def test_nothing_is_wished() -> None:
    assert render_features([], {}, "/kept") is None
    assert pick_entries(None) == []
