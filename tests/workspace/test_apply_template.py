"""Templates applied."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NetworkError
from cove.host.archive import ArchiveError
from cove.spec.collection import TEMPLATE
from cove.workspace.apply_template import ApplyRequest, apply_template
from cove.workspace.collection import Packed, read_collection
from cove.workspace.published import Place, publish_collection

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.memory_registry import MemoryRegistry

    from cove.workspace.session import Session

MANIFEST = {
    "id": "t",
    "version": "1.0.0",
    "name": "T",
    "options": {"tag": {"type": "string", "default": "12"}},
}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "t"
    for name, text in {
        "devcontainer-template.json": json.dumps(MANIFEST),
        "README.md": "no",
        ".devcontainer/devcontainer.json": '{\n  "image": "debian:${templateOption:tag}" // base\n}\n',
        ".github/ci.yml": "on",
        "sub/README.md": "yes",
        "run.sh": "#!/bin/sh\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


def test_from_a_folder(session: Session, template: Path, target: Path) -> None:
    request = ApplyRequest(
        "./t", str(target), {"tag": "13"}, (("ghcr.io/a/b/c:1", {"v": "1"}),), (".github/*",)
    )
    (target / "run.sh").write_text("mine")
    assert apply_template(session, request) == [
        "./.devcontainer/devcontainer.json",
        "./run.sh",
        "./sub/README.md",
    ]
    text = (target / ".devcontainer" / "devcontainer.json").read_text()
    assert '"image": "debian:13"' in text
    assert "// base" in text
    assert '"ghcr.io/a/b/c:1": {\n      "v": "1"\n    }' in text
    assert (target / "run.sh").read_text() == "#!/bin/sh\n"
    assert os.access(target / "run.sh", os.X_OK)
    assert os.readlink(target / "link") == "run.sh"
    assert sorted(path.name for path in target.iterdir()) == [".devcontainer", "link", "run.sh", "sub"]
    assert (target / "sub").stat().st_mode & 0o055


def test_from_a_registry(
    session: Session, template: Path, target: Path, writable_registry: MemoryRegistry
) -> None:
    packed = read_collection(session, str(template), TEMPLATE)
    publish_collection(session, packed, TEMPLATE, Place(writable_registry.address, "a/b"))
    request = ApplyRequest(f"{writable_registry.address}/a/b/t:1", str(target))
    assert "./.github/ci.yml" in apply_template(session, request)
    assert "debian:12" in (target / ".devcontainer" / "devcontainer.json").read_text()
    with pytest.raises(ConfigurationError, match="has no"):
        apply_template(session, request._replace(template=f"{writable_registry.address}/a/b/other"))


@pytest.mark.parametrize("name", ["../evil", "/evil"])
def test_a_way_out_of_the_archive(
    session: Session, target: Path, writable_registry: MemoryRegistry, name: str
) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as opened:
        for path in ("./good", name):
            opened.addfile(tarfile.TarInfo(path), io.BytesIO())
    packed = Packed(MANIFEST, "", archive.getvalue())  # type: ignore[arg-type]
    publish_collection(session, [packed], TEMPLATE, Place(writable_registry.address, "a/b"))
    with pytest.raises(ArchiveError, match="leads out"):
        apply_template(session, ApplyRequest(f"{writable_registry.address}/a/b/t", str(target)))
    assert not list(target.iterdir())


def test_a_blob_that_was_changed(
    session: Session, template: Path, target: Path, writable_registry: MemoryRegistry
) -> None:
    packed = read_collection(session, str(template), TEMPLATE)
    publish_collection(session, packed, TEMPLATE, Place(writable_registry.address, "a/b"))
    for digest in writable_registry.blobs:
        writable_registry.blobs[digest] += b"\0"
    with pytest.raises(NetworkError, match="not what was expected"):
        apply_template(session, ApplyRequest(f"{writable_registry.address}/a/b/t", str(target)))
    assert not list(target.iterdir())


def test_a_link_of_the_repository_that_leads_out(
    session: Session, template: Path, target: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (target / "sub").symlink_to("../elsewhere")
    with pytest.raises(ConfigurationError, match="leads out of the folder"):
        apply_template(session, ApplyRequest("./t", str(target)))
    assert [path.name for path in target.iterdir()] == ["sub"]
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(("name", "message"), [("nonsense", "Failed to parse"), ("./none", "is no Template")])
def test_no_template(session: Session, target: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        apply_template(session, ApplyRequest(name, str(target)))


def test_features_without_a_configuration(session: Session, template: Path, target: Path) -> None:
    request = ApplyRequest("./t", str(target), {}, (("a", {}),), (".devcontainer/*",))
    assert apply_template(session, request) == ["./.github/ci.yml", "./run.sh", "./sub/README.md"]
