"""The store of extensions."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.host.archive import ArchiveError
from cove.ide.store import parse_needs, read_store, store_vsix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "version"), [("acme.x/../../y", "1"), ("acme", "1"), ("acme.x", "../../1"), ("acme.x", "")]
)
def test_names_that_would_leave_the_store(tmp_path: Path, name: str, version: str) -> None:
    publisher, _, rest = name.partition(".")
    path = tmp_path / "x.vsix"
    with zipfile.ZipFile(path, "w") as archive:
        manifest = {"publisher": publisher, "name": rest, "version": version}
        archive.writestr("extension/package.json", json.dumps(manifest))
    (tmp_path / "store").mkdir()
    with pytest.raises(ConfigurationError, match=r"x\.vsix"):
        store_vsix(str(path), str(tmp_path / "store"))
    assert os.listdir(tmp_path / "store") == []


def test_a_link_in_a_vsix_cannot_lead_out(tmp_path: Path) -> None:
    path = tmp_path / "x.vsix"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("extension/package.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    (tmp_path / "store").mkdir()
    with pytest.raises(ArchiveError, match="leads out"):
        store_vsix(str(path), str(tmp_path / "store"))


def test_the_platform_of_a_file_is_read(make_vsix: Callable[..., Path], tmp_path: Path) -> None:
    manifest = '<PackageManifest><Metadata><Identity Id="x" TargetPlatform="linux-arm64"/></Metadata></PackageManifest>'
    (tmp_path / "store").mkdir()
    stored = store_vsix(str(make_vsix("acme.hello", vsixmanifest=manifest)), str(tmp_path / "store"))
    assert stored.platform == "linux-arm64"


def test_what_an_extension_needs() -> None:
    manifest: dict[str, object] = {
        "extensionDependencies": ["Acme.Base", "vscode.git", 3, "nonsense"],
        "extensionPack": ["acme.more", "acme.base"],
    }
    assert parse_needs(manifest) == ["acme.base", "acme.more"]
    assert parse_needs({"extensionPack": "text"}) == []


def test_bytes_that_are_stored_already_must_still_be_what_was_asked_for(
    make_vsix: Callable[..., Path], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    path = str(make_vsix("acme.good"))
    assert store_vsix(path, str(store), expected="acme.good") == store_vsix(path, str(store))
    with pytest.raises(ConfigurationError, match=r"says of itself that it is acme\.good, not acme\.liar"):
        store_vsix(path, str(store), expected="acme.liar")


def test_reading_an_absent_store(tmp_path: Path) -> None:
    assert read_store(str(tmp_path / "absent")) == []
