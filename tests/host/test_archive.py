"""Archives, those that mean harm among them."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.host import archive as archives

if TYPE_CHECKING:
    from pathlib import Path


def make_tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def test_extract_tar_sets_plain_modes_under_any_umask(tmp_path: Path) -> None:
    archive = make_tar(
        tmp_path / "a.tar.gz",
        (member("./top/bin", tarfile.DIRTYPE, mode=0o700), b""),
        (member("top/bin/run", mode=0o4711), b"#!"),
        (member("top/doc/readme", mode=0o600), b"hello"),
        (member("top/doc/same", tarfile.LNKTYPE, "top/doc/readme"), b""),
        (member("top/current", tarfile.SYMTYPE, "doc/readme"), b""),
    )
    before = os.umask(0o077)
    try:
        assert archives.extract_archive(archive, str(tmp_path / "out")) == 12
    finally:
        os.umask(before)
    top = tmp_path / "out" / "top"
    assert stat.S_IMODE((top / "bin").stat().st_mode) == 0o755
    assert stat.S_IMODE((top / "bin" / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((top / "doc" / "readme").stat().st_mode) == 0o644
    assert (top / "doc" / "same").read_text() == "hello"
    assert os.readlink(top / "current") == "doc/readme"


def test_extract_zip_with_links_and_select(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("pkg/bin/tool")
        info.external_attr = (stat.S_IFREG | 0o755) << 16
        archive.writestr(info, "x")
        link = zipfile.ZipInfo("pkg/bin/alias")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "tool")
        archive.writestr("other/left out", "y")
    out = tmp_path / "out"
    archives.extract_archive(
        str(path), str(out), select=lambda n: n.removeprefix("pkg/") if n.startswith("pkg/") else None
    )
    assert sorted(str(found.relative_to(out)) for found in out.rglob("*")) == ["bin", "bin/alias", "bin/tool"]
    assert os.access(out / "bin" / "tool", os.X_OK)
    assert os.readlink(out / "bin" / "alias") == "tool"


HARMFUL = {
    "absolute": [(member("/etc/x"), b"")],
    "upwards": [(member("a/../../x"), b"")],
    "backslash": [(member("a\\..\\..\\x"), b"")],
    "device": [(member("null", tarfile.CHRTYPE), b"")],
    "pipe": [(member("pipe", tarfile.FIFOTYPE), b"")],
    "absolute link": [(member("l", tarfile.SYMTYPE, "/etc/passwd"), b"")],
    "link out": [(member("a/l", tarfile.SYMTYPE, "../../x"), b"")],
    "link through a name": [(member("l", tarfile.SYMTYPE, "a/b/../../.."), b"")],
    "hard link out": [(member("l", tarfile.LNKTYPE, "../../etc/passwd"), b"")],
    "hard link to a link": [
        (member("s", tarfile.SYMTYPE, "x"), b""),
        (member("h", tarfile.LNKTYPE, "s"), b""),
    ],
    "below a file": [(member("a"), b"1"), (member("a/b"), b"2")],
}


@pytest.mark.parametrize("case", HARMFUL)
def test_harmful_archives_are_refused(tmp_path: Path, case: str) -> None:
    archive = make_tar(tmp_path / "bad.tar.gz", *HARMFUL[case])
    with pytest.raises(archives.ArchiveError):
        archives.extract_archive(archive, str(tmp_path / "in" / "out"))
    assert sorted(os.listdir(tmp_path)) == ["bad.tar.gz", "in"]
    assert os.listdir(tmp_path / "in") == ["out"]


def test_nothing_is_written_through_a_link_of_the_archive(tmp_path: Path) -> None:
    archive = make_tar(
        tmp_path / "a.tar.gz", (member("dir", tarfile.SYMTYPE, "real"), b""), (member("dir/file"), b"x")
    )
    archives.extract_archive(archive, str(tmp_path / "out"))
    assert not (tmp_path / "out" / "dir").is_symlink()
    assert (tmp_path / "out" / "dir" / "file").read_text() == "x"


def test_damaged_and_swollen_archives_are_refused(tmp_path: Path) -> None:
    whole = make_tar(tmp_path / "a.tar.gz", (member("a"), os.urandom(20_000)))
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes((tmp_path / "a.tar.gz").read_bytes()[:9000])
    (tmp_path / "text.zip").write_text("hello")
    for path in (broken, tmp_path / "text.zip", tmp_path / "absent"):
        with pytest.raises(archives.ArchiveError, match=path.name):
            archives.extract_archive(str(path), str(tmp_path / "out"))
    with pytest.raises(archives.ArchiveError, match="more than 100 bytes"):
        archives.extract_archive(whole, str(tmp_path / "out2"), limit=100)


@given(st.text(st.sampled_from("ab./\\"), max_size=12))
def test_member_names_never_lead_out(name: str) -> None:
    try:
        found = archives.parse_member_name(name)
    except archives.ArchiveError:
        return
    assert f"{os.path.normpath('/top/' + found)}/".startswith("/top/")


@given(st.text(st.sampled_from("ab./"), max_size=12), st.sampled_from(["x", "d/x", "d/e/x"]))
def test_link_targets_never_lead_out(target: str, name: str) -> None:
    try:
        archives.parse_link_target(name, target)
    except archives.ArchiveError:
        return
    assert f"{os.path.normpath(f'/top/{os.path.dirname(name)}/{target}')}/".startswith("/top/")
