"""Features fetched once, kept by digest, and refused when they are not what they should be."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from cove.errors import ConfigurationError, NetworkError
from cove.host.archive import ArchiveError
from cove.host.http import HttpClient
from cove.oci.feature_store import FeatureStore
from cove.oci.registry import Registry
from cove.spec.features import LocalReference, OciReference, TarballReference
from cove.spec.lock import Locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.errors import CoveError


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    (tmp_path / "store").mkdir()
    client = HttpClient({}, attempts=1)
    return FeatureStore(f"{tmp_path}/store", Registry(client, lambda _: None), client)


def locked(digest: str) -> Locked:
    return Locked("1.0.0", "", digest)


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "store").iterdir() if path.is_dir())


def test_from_a_registry_and_then_from_here(
    store: FeatureStore, registry: Any, feature_of: Callable[..., bytes], tmp_path: Path
) -> None:
    digest = registry.publish("a/go", "1", feature_of("go"))
    reference = OciReference(registry.name, "a/go", "1")
    first = store.fetch(reference, None)
    assert (first.digest, first.reference, first.manifest.id) == (digest, reference, "go")
    assert kept(tmp_path) == [digest.removeprefix("sha256:")[:32]]
    assert len(registry.asked) == 2
    assert store.fetch(reference, locked(digest)) == first
    assert len(registry.asked) == 2
    assert store.fetch(reference, None) == first
    assert len(registry.asked) == 3  # the tag is asked for, the rest is here
    manifest = store.read_manifest(reference, digest)
    assert manifest["layers"][0]["size"]
    assert len(registry.asked) == 3
    next((tmp_path / "store").glob("*.json")).unlink()
    assert store.read_manifest(reference, digest) == manifest
    assert len(registry.asked) == 4


def test_what_is_locked_is_what_is_installed(
    store: FeatureStore, registry: Any, feature_of: Callable[..., bytes]
) -> None:
    old = registry.publish("a/go", "1", feature_of("go", "1.0.0"))
    registry.publish("a/go", "1", feature_of("go", "1.1.0"))
    reference = OciReference(registry.name, "a/go", "1")
    assert store.fetch(reference, locked(old)).manifest.version == "1.0.0"
    assert store.fetch(reference, None).manifest.version == "1.1.0"


def test_a_tarball(
    store: FeatureStore, registry: Any, feature_of: Callable[..., bytes], tmp_path: Path
) -> None:
    blob = feature_of("go")
    registry.pages["/devcontainer-feature-go.tgz"] = blob
    reference = TarballReference(f"{registry.url}/devcontainer-feature-go.tgz")
    fetched = store.fetch(reference, None)
    assert fetched.digest == f"sha256:{hashlib.sha256(blob).hexdigest()}"
    assert store.fetch(reference, locked(fetched.digest)) == fetched
    assert len(registry.asked) == 1
    with pytest.raises(NetworkError, match="not what was expected"):
        store.fetch(reference, locked("sha256:" + "a" * 64))
    assert len(kept(tmp_path)) == 1


def test_a_folder(store: FeatureStore, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    reference = LocalReference(str(folder))
    with pytest.raises(ConfigurationError, match="is no Feature"):
        store.fetch(reference, None)
    (folder / "devcontainer-feature.json").write_text('{"id": "mine"}')
    with pytest.raises(ConfigurationError, match=r"has no install\.sh"):
        store.fetch(reference, None)
    (folder / "install.sh").write_text("")
    assert store.fetch(reference, None)[1:3] == ("", str(folder))


@pytest.mark.parametrize(
    ("files", "links", "kind"),
    [
        ({"../../evil": "x"}, {}, ArchiveError),
        ({"/etc/evil": "x"}, {}, ArchiveError),
        ({"devcontainer-feature.json": "{}"}, {"install.sh": "/etc/passwd"}, ArchiveError),
        ({"devcontainer-feature.json": '{"id": "x"}', "install.sh": ""}, {"a": "../../../x"}, ArchiveError),
        ({"install.sh": ""}, {}, ConfigurationError),
        ({"devcontainer-feature.json": "{", "install.sh": ""}, {}, ConfigurationError),
        (None, {}, ArchiveError),
    ],
)
def test_bad_archives_leave_nothing_half_installed(
    store: FeatureStore,
    registry: Any,
    pack_of: Callable[..., bytes],
    tmp_path: Path,
    files: dict[str, str] | None,
    links: dict[str, str],
    kind: type[CoveError],
) -> None:
    registry.publish("a/go", "1", b"no archive" if files is None else pack_of(files, links=links))
    with pytest.raises(kind):
        store.fetch(OciReference(registry.name, "a/go", "1"), None)
    assert not [name for name in kept(tmp_path) if name.startswith(".")]
    assert not (tmp_path / "evil").exists()
