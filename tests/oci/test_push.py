"""Pushing to a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from testbed.memory_registry import ADA, READ, WRITE, memory_registry

from cove.errors import NetworkError
from cove.host.http import HttpClient
from cove.oci.auth import Login
from cove.oci.push import parse_reasons, push_artifact, upload_url
from cove.oci.registry import Registry
from cove.spec.artifact import Artifact, render_collection_artifact
from cove.spec.features import OciReference

if TYPE_CHECKING:
    from testbed.memory_registry import MemoryRegistry

THING = render_collection_artifact("{}\n", "localhost")


SOMEBODY = Login("ada", "secret")


def ask(login: Login | None = SOMEBODY) -> Registry:
    return Registry(HttpClient({}, attempts=1), lambda _: login)


def at(registry: MemoryRegistry) -> OciReference:
    return OciReference(registry.address, "a/b")


@pytest.mark.parametrize("wants", ["", "basic", "bearer"])
def test_pushed_and_read_again(writable_registry: MemoryRegistry, wants: str) -> None:
    writable_registry.wants = wants
    registry = ask()
    assert push_artifact(registry, at(writable_registry), THING, ["1", "latest"]) == THING.digest
    assert writable_registry.tags("a/b") == ["1", "latest"]
    found = registry.fetch_manifest(at(writable_registry)._replace(tag="1"))
    assert found.digest == THING.digest
    assert writable_registry.blobs[found.layer] == THING.layer
    assert {given for *_, given in writable_registry.asked if given} <= {ADA, READ, WRITE}


def test_what_is_there_is_not_sent_again(writable_registry: MemoryRegistry) -> None:
    push_artifact(ask(), at(writable_registry), THING, ["1"])
    writable_registry.asked.clear()
    push_artifact(ask(), at(writable_registry), THING, ["2"])
    assert [method for method, *_ in writable_registry.asked] == ["HEAD", "PUT"]
    other = render_collection_artifact("{ }\n", "localhost")
    writable_registry.asked.clear()
    push_artifact(ask(), at(writable_registry), other, ["3"])
    assert [method for method, *_ in writable_registry.asked].count("POST") == 1, "`{}` was there already"


def test_a_token_to_read_is_changed_for_one_to_write(writable_registry: MemoryRegistry) -> None:
    writable_registry.wants = "bearer"
    registry = ask()
    writable_registry.manifests["a/b", "0"] = THING.manifest
    registry.fetch_tags(at(writable_registry))
    push_artifact(registry, at(writable_registry), THING, ["1"])
    writes = [given for method, _, given in writable_registry.asked if method == "PUT"]
    assert set(writes) == {WRITE}


def test_a_login_is_not_passed_on_to_where_uploads_go(writable_registry: MemoryRegistry) -> None:
    writable_registry.wants = "basic"
    with memory_registry() as storage:
        writable_registry.uploads_to = storage.address
        push_artifact(ask(), at(writable_registry), THING, ["1"])
        assert [(method, given) for method, _, given in storage.asked] == [("PUT", "")] * 2
        storage.wants = "basic"
        other = Artifact(THING.manifest + b" ", b"other")
        with pytest.raises(NetworkError, match="refuses a blob"):
            push_artifact(ask(), at(writable_registry), other, ["2"])
        assert {given for *_, given in storage.asked} == {""}


@pytest.mark.parametrize(("method", "message"), [("POST", "500 for an upload"), ("PUT", "500 for a blob")])
def test_failures(writable_registry: MemoryRegistry, method: str, message: str) -> None:
    writable_registry.broken = method
    with pytest.raises(NetworkError, match=message) as caught:
        push_artifact(ask(), at(writable_registry), THING, ["1"])
    assert caught.value.detail == "UNKNOWN: on fire"
    assert not writable_registry.tags("a/b")


def test_no_login(writable_registry: MemoryRegistry) -> None:
    writable_registry.wants = "basic"
    with pytest.raises(NetworkError, match="refuses an upload") as caught:
        push_artifact(ask(None), at(writable_registry), THING, ["1"])
    assert f"docker login {writable_registry.address}" in caught.value.hint


def test_where_a_blob_goes() -> None:
    assert upload_url("https://r/v2/a/", "https://s/x", "d") == "https://s/x?digest=d"
    with pytest.raises(NetworkError, match="not encrypted"):
        upload_url("https://r/v2/a/", "http://r/x", "d")
    with pytest.raises(NetworkError, match="not encrypted"):
        upload_url("https://r/v2/a/", "file:///etc/passwd", "d")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"errors": 3}', b'{"errors": [3]}', b'{"errors": [{}]}']
)
def test_no_reasons(body: bytes) -> None:
    assert parse_reasons(body) == ""
