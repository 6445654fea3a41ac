from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from cove.errors import PlaceError
from cove.host.carrier import Carrier, describe
from cove.host.openssh import SshAddress, SshConnection
from cove.host.proc import HostRunner

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.proc import Command


class Loop(SshConnection):
    """A connection to this very machine, without a network."""

    def command(self, command: Command, *, tty: bool = False) -> Command:
        """Return the command itself."""
        return command


@pytest.fixture
def carrier(tmp_path: Path) -> Carrier:
    return Carrier(Loop(SshAddress("box"), str(tmp_path), HostRunner()), str(tmp_path / "there"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    (folder / "sub").mkdir(parents=True)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "sub" / "odd \n name").write_text("x")
    (folder / "link").symlink_to("run.sh")
    return folder


def counterpart(carrier: Carrier, path: Path) -> str:
    return f"{carrier.root}{path}"


def test_a_folder_is_there_as_it_is_here(carrier: Carrier, source: Path) -> None:
    carrier.send(str(source))
    subprocess.run(["diff", "-r", "--no-dereference", source, counterpart(carrier, source)], check=True)
    carrier.send(str(source / "run.sh"))
    carrier.send(str(source))


def test_what_is_there_is_not_sent_again(
    carrier: Carrier, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.send(str(source))
    written: list[str] = []
    monkeypatch.setattr(carrier, "write", lambda files, folder: written.append(folder))
    carrier.send(str(source))
    assert not written
    (source / "sub" / "new").write_text("y")
    carrier.send(str(source), once=True)
    carrier.send(str(source))
    assert written


def test_a_file_is_fetched(carrier: Carrier, source: Path) -> None:
    assert carrier.fetch(str(source / "run.sh")) is None
    carrier.send(str(source / "run.sh"))
    assert carrier.fetch(str(source / "run.sh")) == b"#!/bin/sh\n"


def test_a_disk_that_takes_nothing_is_told(carrier: Carrier, source: Path, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("in the way")
    with pytest.raises(PlaceError):
        carrier.send(str(source))


def test_a_digest_tells_names_sizes_and_times(source: Path) -> None:
    before = describe(str(source))
    assert describe(str(source)) == before
    (source / "run.sh").write_text("other")
    assert describe(str(source)) != before
