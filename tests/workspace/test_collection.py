"""Collections read and packed."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.spec.collection import FEATURE, TEMPLATE
from cove.workspace.collection import read_collection

if TYPE_CHECKING:
    from pathlib import Path

    from cove.workspace.session import Session


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def read_manifest(archive: bytes, name: str) -> object:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        file = opened.extractfile(f"./{name}")
        assert file is not None
        return json.load(file)


def manifest(name: str, **more: object) -> str:
    return json.dumps({"id": name, "version": "1.0.0", "name": name, **more})


def test_features(session: Session, tmp_path: Path) -> None:
    for name in ("b", "a"):
        write(tmp_path / name, **{FEATURE.manifest: manifest(name, legacyIds=["old"]), "install.sh": ""})
    write(tmp_path / ".hidden", **{FEATURE.manifest: ""})
    write(tmp_path / "notes", **{"x.md": ""})
    packed = read_collection(session, str(tmp_path), FEATURE)
    assert [each.id for each in packed] == ["a", "b"]
    assert packed[0].file_name == "devcontainer-feature-a.tgz"
    assert packed[0].document["currentId"] == "a"
    assert read_manifest(packed[0].archive, FEATURE.manifest) == packed[0].document


def test_a_single_template(session: Session, tmp_path: Path) -> None:
    files = {
        TEMPLATE.manifest: manifest("t"),
        ".devcontainer/devcontainer.json": '{"image": "x"}',
        "output/a": "",
    }
    write(tmp_path / "dir", **files)
    (packed,) = read_collection(session, f"{tmp_path}/dir", TEMPLATE, leave_out=f"{tmp_path}/dir/output")
    assert packed.file_name == "devcontainer-template-t.tgz"
    assert (packed.document["type"], packed.document["fileCount"]) == ("image", 2)
    assert read_manifest(packed.archive, TEMPLATE.manifest) == packed.document


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no folder in"),
        ({"a/devcontainer-feature.json": manifest("a")}, "missing an install.sh"),
        ({"a/devcontainer-feature.json": "{}", "a/install.sh": ""}, "required properties"),
        ({"a/devcontainer-feature.json": "{,", "a/install.sh": ""}, "devcontainer-feature.json:1:2"),
    ],
)
def test_faults(session: Session, tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_collection(session, str(write(tmp_path, **files)), FEATURE)


def test_faults_of_templates(session: Session, tmp_path: Path) -> None:
    write(tmp_path / "t", **{TEMPLATE.manifest: manifest("t")})
    with pytest.raises(ConfigurationError, match="Template is missing a devcontainer"):
        read_collection(session, f"{tmp_path}/t", TEMPLATE)
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_collection(session, f"{tmp_path}/nowhere", TEMPLATE)
