"""A folder that a container writes: nothing planted in it is followed."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.ide.shared import open_shared

if TYPE_CHECKING:
    from pathlib import Path


def test_folders_and_files_are_open_for_all_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with open_shared(str(tmp_path), "user", "User", make=True) as folder:
            assert folder is not None
            folder.write("settings.json", b"{}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "user").stat().st_mode) == 0o777
    assert stat.S_IMODE((tmp_path / "user" / "User").stat().st_mode) == 0o777
    assert stat.S_IMODE((tmp_path / "user" / "User" / "settings.json").stat().st_mode) == 0o666


def test_an_absent_folder_is_none(tmp_path: Path) -> None:
    with open_shared(str(tmp_path), "user") as folder:
        assert folder is None
    with open_shared(str(tmp_path / "absent")) as folder:
        assert folder is None


def test_a_link_for_a_folder_is_not_followed(tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    (root / "user").symlink_to(home)
    with open_shared(str(root), "user") as folder:
        assert folder is None
    with open_shared(str(root), "user", make=True) as folder:
        assert folder is not None
        folder.write("settings.json", b"{}")
    assert os.listdir(home) == []
    assert not (root / "user").is_symlink()


def test_a_link_for_a_file_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("token")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "settings.json").symlink_to(secret)
    with open_shared(str(tmp_path / "root")) as folder:
        assert folder is not None
        with pytest.raises(ConfigurationError):
            folder.read("settings.json", 100)
        folder.write("settings.json", b"new")
        assert folder.read("settings.json", 100) == b"new"
        assert folder.read("absent", 100) is None
    assert secret.read_text() == "token"


def test_what_is_set_aside_is_renamed_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("token")
    (tmp_path / "a").symlink_to(secret)
    with open_shared(str(tmp_path)) as folder:
        assert folder is not None
        folder.set_aside("a")
        folder.set_aside("absent")
        assert folder.names() == ["a.broken", "secret"]
    assert secret.read_text() == "token"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "settings.json" / "in the way").mkdir(parents=True)
    with open_shared(str(tmp_path)) as folder:
        assert folder is not None
        with pytest.raises(OSError, match="settings"):
            folder.write("settings.json", b"{}")
        assert folder.names() == ["settings.json"]


def test_handles_are_closed(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with open_shared(str(tmp_path), "a", "b", make=True):
            pass
        with open_shared(str(tmp_path), "a", "absent"):
            pass
    assert len(os.listdir("/proc/self/fd")) == before
