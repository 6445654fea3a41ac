"""Folders as archives."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.host.archive import extract_archive
from cove.host.pack import list_files, pack_folder

if TYPE_CHECKING:
    from pathlib import Path


def members(packed: bytes) -> dict[str, int]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {info.name: info.mode for info in archive}


def test_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    packed = []
    for name, umask in (("one", 0o022), ("two", 0o077)):
        before = os.umask(umask)
        (tmp_path / name / "sub" / "deep").mkdir(parents=True)
        for file in ("b", "a", "sub/deep/c"):
            (tmp_path / name / file).write_text(file)
        (tmp_path / name / "a").chmod(0o700)
        os.utime(tmp_path / name / "a", (umask, umask))
        os.umask(before)
        packed.append(pack_folder(f"{tmp_path}/{name}"))
    assert packed[0] == packed[1]
    assert members(packed[0]) == {
        ".": 0o755, "./a": 0o755, "./b": 0o644, "./sub": 0o755, "./sub/deep": 0o755, "./sub/deep/c": 0o644,
    }  # fmt: skip


def test_replaced_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("a", "b", "out/c"):
        (tmp_path / name).write_text("old")
    packed = pack_folder(str(tmp_path), replaced={"a": b"new"}, leave_out=f"{tmp_path}/out")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        found = {info.name: file.read() for info in archive if (file := archive.extractfile(info))}
    assert found == {"./a": b"new", "./b": b"old"}


def test_links_stay_links(tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a").write_text("a")
    (tmp_path / "in" / "folder").symlink_to("sub")
    (tmp_path / "in" / "sub" / "up").symlink_to("../sub/a")
    assert list_files(f"{tmp_path}/in") == ["folder", "sub/a", "sub/up"]
    (tmp_path / "x.tar").write_bytes(pack_folder(f"{tmp_path}/in"))
    extract_archive(f"{tmp_path}/x.tar", f"{tmp_path}/out")
    assert os.readlink(tmp_path / "out" / "folder") == "sub"
    assert (tmp_path / "out" / "sub" / "up").read_text() == "a"


@pytest.mark.parametrize("target", ["/etc/passwd", "../x"])
def test_a_link_that_leads_out(tmp_path: Path, target: str) -> None:
    (tmp_path / "a").symlink_to(target)
    with pytest.raises(ConfigurationError, match="leads out"):
        pack_folder(str(tmp_path))


def test_no_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(ConfigurationError, match="not packed"):
        pack_folder(str(tmp_path))


NAMES = st.lists(st.text("abé ", min_size=1, max_size=4).map(str.strip).filter(bool), min_size=1, max_size=3)


@given(st.dictionaries(NAMES.map("/".join), st.binary(max_size=50), max_size=8))
def test_what_is_packed_is_unpacked(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    tmp_path = tmp_path_factory.mktemp("pack")
    (tmp_path / "in").mkdir()
    kept = {}
    for name, content in files.items():
        path = tmp_path / "in" / name
        if any(parent.is_file() for parent in path.parents) or path.is_dir():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        kept[name] = content
    (tmp_path / "x.tar").write_bytes(pack_folder(f"{tmp_path}/in"))
    extract_archive(f"{tmp_path}/x.tar", f"{tmp_path}/out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in list_files(f"{tmp_path}/out")} == kept
