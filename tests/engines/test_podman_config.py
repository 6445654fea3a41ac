"""podman's configuration files, in podman's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.engines import podman_config
from cove.engines.podman_config import read_cdi_folders
from cove.host.machine import Directories, Machine, Owner

if TYPE_CHECKING:
    from pathlib import Path

USUAL = ("/etc/cdi",)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setattr(podman_config, "SYSTEM", (f"{folder}/containers.conf",))
    return folder


def machine(tmp_path: Path, *, is_root: bool = False, **env: str) -> Machine:
    folders = Directories("", "", "", "", "")
    return Machine("Linux", "amd64", Owner(1, 1), is_root, str(tmp_path), env, folders, str(tmp_path))


def say(path: Path, *folders: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[engine]\ncdi_spec_dirs = {list(folders)!r}\n")


def test_nothing_said(tmp_path: Path, system: Path) -> None:
    (system / "containers.conf").write_text('[engine]\nruntime = "runc"\n')
    assert read_cdi_folders(machine(tmp_path), USUAL) == USUAL


def test_the_last_that_says_it_counts(tmp_path: Path, system: Path) -> None:
    say(system / "containers.conf", "/a")
    assert read_cdi_folders(machine(tmp_path), USUAL) == ("/a",)
    say(system / "containers.conf.d" / "10.conf", "/b", "/c")
    (system / "containers.conf.d" / "20.conf").write_text("[engine]\ncdi_spec_dirs = []\n")
    assert read_cdi_folders(machine(tmp_path), USUAL) == ("/b", "/c")
    say(tmp_path / ".config" / "containers" / "containers.conf", "/mine")
    assert read_cdi_folders(machine(tmp_path), USUAL) == ("/mine",)
    assert read_cdi_folders(machine(tmp_path, is_root=True), USUAL) == ("/b", "/c")


def test_variables_name_a_file_alone_or_besides(tmp_path: Path, system: Path) -> None:
    say(system / "containers.conf", "/a")
    say(tmp_path / "own.conf", "/own")
    assert read_cdi_folders(machine(tmp_path, CONTAINERS_CONF=f"{tmp_path}/own.conf"), USUAL) == ("/own",)
    assert read_cdi_folders(machine(tmp_path, CONTAINERS_CONF="/gone"), USUAL) == USUAL
    assert read_cdi_folders(machine(tmp_path, CONTAINERS_CONF_OVERRIDE=f"{tmp_path}/own.conf"), USUAL) == (
        "/own",
    )


@pytest.mark.parametrize(
    "text", ["cdi_spec_dirs = [", "cdi_spec_dirs = ['/x']", "engine = 1 # cdi_spec_dirs", "\xff"]
)
def test_what_is_none_says_nothing(tmp_path: Path, system: Path, text: str) -> None:
    (system / "containers.conf").write_text(text)
    assert read_cdi_folders(machine(tmp_path), USUAL) == USUAL
