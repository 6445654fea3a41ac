from __future__ import annotations

import json
import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from cove.errors import GpuError
from cove.gpu.leases import Note, lease_folder, locked, read_notes, read_starting, write_note
from cove.host.alive import read_start

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return lease_folder((f"{tmp_path}/gpus",))


def note(pid: int, uuid: str = "GPU-a", container: str = "c" * 64) -> Note:
    return Note(uuid, "digits", "ada", "2026-11-22T06:35:49Z", container, pid, read_start(pid))


def test_the_folder_is_everybodys_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        path = lease_folder((f"{tmp_path}/absent/gpus", f"{tmp_path}/gpus"))
        with locked(path, on_wait=lambda: None):
            write_note(path, note(os.getpid()))
    finally:
        os.umask(before)
    assert path == f"{tmp_path}/gpus"
    assert os.stat(path).st_mode & 0o7777 == 0o1777
    modes = {name: os.stat(f"{path}/{name}").st_mode & 0o777 for name in os.listdir(path)}
    assert sorted(modes.values()) == [0o644, 0o666]
    assert lease_folder((path,)) == path


@pytest.mark.parametrize("kind", ["mode", "file", "link"])
def test_a_folder_that_somebody_prepared_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "gpus"
    match kind:
        case "mode":
            path.mkdir(mode=0o755)
        case "file":
            path.touch()
        case _:
            (tmp_path / "other").mkdir()
            (tmp_path / "other").chmod(0o1777)
            path.symlink_to(tmp_path / "other")
    with pytest.raises(GpuError, match="mode 1777"):
        lease_folder((str(path),))


def test_a_note_counts_while_its_process_lives(folder: str) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        held = note(process.pid)
        write_note(folder, held)
        write_note(folder, note(os.getpid(), uuid="MIG-1/2", container="d" * 64))
        assert sorted(found.uuid for found in read_notes(folder)) == ["GPU-a", "MIG-1/2"]
        assert held in read_notes(folder)
        assert held.lease().describe() == "digits of ada since 2026-11-22T06:35:49Z"
        process.kill()
        process.wait()
    assert [found.uuid for found in read_notes(folder)] == ["MIG-1/2"]
    assert len(os.listdir(folder)) == 1


def test_a_gpu_named_by_its_pci_address_is_held_by_anybody(folder: str) -> None:
    write_note(folder, note(os.getpid(), uuid="0000:03:00.0"))
    assert [found.uuid for found in read_notes(folder)] == ["0000:03:00.0"]


def test_what_an_engine_is_about_to_start_is_held(tmp_path: Path) -> None:
    words = {
        "12": ("docker", "run", "--label", "cove.name=digits", "--label", "cove.gpus=GPU-a,GPU-b", "debian"),
        "13": ("podman", "run", "--label", "cove.name=speech", "debian"),
        "self": ("cat", "cove.gpus=GPU-c"),
    }
    for pid, argv in words.items():
        (tmp_path / "proc" / pid).mkdir(parents=True)
        (tmp_path / "proc" / pid / "cmdline").write_text("\0".join(argv) + "\0")
    (tmp_path / "proc" / "14").mkdir()  # gone by now
    found = read_starting(str(tmp_path))
    assert [(lease.uuid, lease.workspace) for lease in found] == [("GPU-a", "digits"), ("GPU-b", "digits")]


def test_a_number_given_out_again_is_another_process(folder: str) -> None:
    write_note(folder, note(os.getpid())._replace(started=1))
    assert read_notes(folder) == []


def test_what_is_no_note_of_its_owner_counts_for_nothing(folder: str) -> None:
    good = note(os.getpid())
    texts = {
        f"GPU-a.{os.geteuid() + 1}.x": json.dumps(good._asdict()),
        f"GPU-b.{os.geteuid()}.x": "{",
        f"GPU-c.{os.geteuid()}.x": json.dumps(good._asdict() | {"pid": "1"}),
        f"GPU-d.{os.geteuid()}.x": "[]",
        "lock": "",
        "odd.name": "",
    }
    for name, text in texts.items():
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    os.symlink("/etc/passwd", f"{folder}/GPU-e.{os.geteuid()}.x")
    os.mkfifo(f"{folder}/GPU-f.{os.geteuid()}.x")
    assert read_notes(folder) == []


def test_one_chooses_at_a_time(folder: str) -> None:
    waiting, done = threading.Event(), threading.Event()

    def second() -> None:
        with locked(folder, on_wait=waiting.set):
            done.set()

    with locked(folder, on_wait=lambda: pytest.fail("nobody holds it")):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        assert not done.is_set()
    thread.join(10)
    assert done.is_set()
