"""Files: atomic writes, private folders, locks."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.host import files

if TYPE_CHECKING:
    from pathlib import Path


# Writing


def test_write_atomic_replaces_whole_and_private(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    before = os.umask(0)
    try:
        files.write_atomic(str(target), "one")
        files.write_atomic(str(target), b"two", mode=0o644)
    finally:
        os.umask(before)
    assert target.read_text() == "two"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700
    assert os.listdir(target.parent) == ["file"]


def test_write_atomic_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "file").symlink_to(victim)
    files.write_atomic(str(tmp_path / "file"), "new")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "file").is_symlink()


def test_write_atomic_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / "folder" / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        files.write_atomic(str(tmp_path / "folder"), "text")
    assert os.listdir(tmp_path) == ["folder"]


# Reading what someone else may have planted


def test_read_bounded_reads_plain_files_and_knows_absence(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert files.read_bounded(str(tmp_path / "a"), limit=5) == b"12345"
    assert files.read_bounded(str(tmp_path / "b"), limit=5) is None


def test_read_bounded_refuses_links_pipes_folders_and_floods(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "big").write_bytes(b"123456")
    for name in ("link", "pipe", "folder", "big"):
        with pytest.raises(ConfigurationError, match=name):
            files.read_bounded(str(tmp_path / name), limit=5)


# Private folders


def test_make_private_directory_makes_and_tightens(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert files.make_private_directory(str(folder)) == str(folder)
    folder.chmod(0o755)
    files.make_private_directory(str(folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_make_private_directory_refuses_links_and_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match="something else"):
        files.make_private_directory(str(tmp_path / "link"))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="belongs to user"):
        files.make_private_directory(str(theirs))


# Locks


def test_locked_excludes_and_tells_who_waits(tmp_path: Path) -> None:
    path, waited = str(tmp_path / "lock"), threading.Event()
    order: list[str] = []

    def second() -> None:
        with files.locked(path, on_wait=waited.set):
            order.append("second")

    with files.locked(path):
        other = threading.Thread(target=second)
        other.start()
        assert waited.wait(10)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_locked_gives_up_after_its_timeout(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with files.locked(path), pytest.raises(TimeoutError, match="lock"), files.locked(path, timeout=0.01):
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    code = "import sys, time; from cove.host.files import locked\n"
    code += "with locked(sys.argv[1]): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(TimeoutError), files.locked(path, timeout=0.01):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        with files.locked(path, timeout=5):
            pass


def test_scratch_is_gone_after_use_and_that_of_a_killed_process_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = "import time; from cove.host.files import scratch\n"
    code += "with scratch('build') as folder: print(folder, flush=True); time.sleep(60)"
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with (
        files.scratch("run") as mine,
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env, text=True) as holder,
    ):
        assert holder.stdout is not None
        theirs = holder.stdout.readline().strip()
        files.remove_scratch()
        assert (os.path.isdir(mine), os.path.isdir(theirs)) == (True, True)
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        files.remove_scratch()
        assert (os.path.isdir(mine), os.path.isdir(theirs)) == (True, False)
    assert list(tmp_path.iterdir()) == []


def test_hash_file_and_remove_tree(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f").write_bytes(b"abc")
    assert files.hash_file(str(tmp_path / "a" / "f")).startswith("ba7816bf8f01cfea")
    files.remove_tree(str(tmp_path / "a"))
    files.remove_tree(str(tmp_path / "a"))
    assert os.listdir(tmp_path) == []
