"""Manifests and blobs from a registry on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from testbed.authority import make_authority

from cove.errors import ConfigurationError, NetworkError
from cove.host.http import HttpClient
from cove.oci.auth import Login
from cove.oci.registry import Registry, parse_manifest
from cove.spec.features import OciReference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADA = Login("ada", "secret")


def ask(login: Login | None = None) -> Registry:
    return Registry(HttpClient({}, attempts=1), lambda _: login)


def reference(registry: Any, path: str = "a/go", tag: str = "1", digest: str = "") -> OciReference:
    return OciReference(registry.name, path, tag, digest)


@pytest.mark.parametrize(("wants", "login"), [("", None), ("basic", ADA), ("bearer", None), ("bearer", ADA)])
def test_a_manifest_and_its_blob(
    registry: Any, feature_of: Callable[..., bytes], tmp_path: Path, wants: str, login: Login | None
) -> None:
    blob = feature_of("go")
    digest = registry.publish("a/go", "1", blob)
    registry.wants = wants
    asking = ask(login)
    manifest = asking.fetch_manifest(reference(registry))
    assert manifest.digest == digest
    asking.fetch_blob(reference(registry), manifest.layer, f"{tmp_path}/blob")
    assert (tmp_path / "blob").read_bytes() == blob
    again = asking.fetch_manifest(reference(registry, digest=digest))
    assert again == manifest
    logins = [given for path, given in registry.asked if path.startswith("/token")]
    assert logins == ([ADA.render()] if login else [""]) * (wants == "bearer")


def test_a_login_is_not_passed_on_to_where_blobs_are_kept(
    new_registry: Any, feature_of: Callable[..., bytes], tmp_path: Path
) -> None:
    registry, storage = new_registry(), new_registry()
    registry.publish("a/go", "1", feature_of("go"))
    storage.pages = registry.pages
    registry.wants, registry.elsewhere = "basic", storage.url
    asking = ask(ADA)
    asking.fetch_blob(
        reference(registry), asking.fetch_manifest(reference(registry)).layer, f"{tmp_path}/blob"
    )
    assert [given for _, given in storage.asked] == [""]


def test_what_a_registry_does_not_have_or_refuses(registry: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"{registry.name} has no {registry.name}/a/go:1"):
        ask().fetch_manifest(reference(registry))
    registry.wants = "basic"
    with pytest.raises(NetworkError, match="refuses") as caught:
        ask().fetch_manifest(reference(registry))
    assert f"docker login {registry.name}" in caught.value.hint


def test_what_is_not_what_its_digest_says(
    registry: Any, feature_of: Callable[..., bytes], tmp_path: Path
) -> None:
    digest = registry.publish("a/go", "1", feature_of("go"))
    other = registry.publish("a/go", "2", feature_of("go", "2.0.0"))
    registry.pages[f"/v2/a/go/manifests/{digest}"] = registry.pages[f"/v2/a/go/manifests/{other}"]
    with pytest.raises(NetworkError, match="not what was locked") as caught:
        ask().fetch_manifest(reference(registry, digest=digest))
    assert "devcontainer-lock.json" in caught.value.hint
    manifest = ask().fetch_manifest(reference(registry, tag="2"))
    registry.pages[f"/v2/a/go/blobs/{manifest.layer}"] = b"something else"
    with pytest.raises(NetworkError, match="not what was expected"):
        ask().fetch_blob(reference(registry, tag="2"), manifest.layer, f"{tmp_path}/blob")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"layers": []}', b'{"layers": [{"digest": "../../x"}]}', b'{"layers": 3}']
)
def test_nonsense(body: bytes) -> None:
    with pytest.raises(NetworkError, match="names no layer"):
        parse_manifest(body, "sha256:1", OciReference("ghcr.io", "a/go"))


def test_annotations() -> None:
    body = {"layers": [{"digest": "sha256:" + "a" * 64}], "annotations": {"a": "b", "c": 3}}
    assert parse_manifest(json.dumps(body).encode(), "d", OciReference("g", "a")).annotations == {"a": "b"}


def test_tags(registry: Any) -> None:
    registry.pages["/v2/a/go/tags/list"] = b'{"name": "a/go", "tags": ["1", "1.0", 3]}'
    assert ask().fetch_tags(reference(registry)) == ["1", "1.0"]
    registry.pages["/v2/a/go/tags/list"] = b"{}"
    assert ask().fetch_tags(reference(registry)) == []


def test_a_mirror_is_asked_in_the_registrys_place(
    registry: Any, feature_of: Callable[..., bytes], tmp_path: Path
) -> None:
    registry.publish("hub/a/go", "1", feature_of("go"))
    asking = Registry(HttpClient({}, attempts=1), lambda _: None, {"ghcr.io": f"{registry.name}/hub"})
    wanted = OciReference("ghcr.io", "a/go", "1")
    asking.fetch_blob(wanted, asking.fetch_manifest(wanted).layer, f"{tmp_path}/blob")
    assert (tmp_path / "blob").read_bytes() == feature_of("go")


def test_a_registry_on_loopback_that_wants_tls(
    registry: Any, feature_of: Callable[..., bytes], tmp_path: Path
) -> None:
    """It is asked in plain HTTP at first; the login goes in TLS alone."""
    blob = feature_of("go")
    registry.publish("a/go", "1", blob)
    registry.wants = "basic"
    authority = make_authority(tmp_path, ["127.0.0.1"])
    registry.secure(tmp_path / "server.pem")
    client = HttpClient({"SSL_CERT_FILE": str(authority)}, attempts=1)
    asking = Registry(client, lambda _: ADA)
    manifest = asking.fetch_manifest(reference(registry))
    asking.fetch_blob(reference(registry), manifest.layer, f"{tmp_path}/blob")
    assert (tmp_path / "blob").read_bytes() == blob
    assert registry.in_plain == [""]
    with pytest.raises(NetworkError, match="certificate"):
        ask(ADA).fetch_manifest(reference(registry))
