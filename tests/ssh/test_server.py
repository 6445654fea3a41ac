from __future__ import annotations

import os
import shutil
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NetworkError
from cove.ssh.recipe import recipe_digest
from cove.ssh.server import find_server, read_server

if TYPE_CHECKING:
    from pathlib import Path

    from cove.workspace.session import Session


def test_what_the_checksums_say(server_folder: str) -> None:
    server = read_server(server_folder)
    assert (server.version, server.programs) == ("9.2", ("scp", "sshd"))
    with open(f"{server_folder}/sshd", "a") as file:
        file.write("!")
    with pytest.raises(ConfigurationError, match="not what its checksum says"):
        read_server(server_folder)


def test_what_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no server"):
        read_server(str(tmp_path))
    for text in ("{", '{"sha256": {}}', '{"sha256": {}, "version": "1"}'):
        (tmp_path / "server.json").write_text(text)
        with pytest.raises(ConfigurationError):
            read_server(str(tmp_path))


def test_the_setting_comes_first(session: Session, server_folder: str, tmp_path: Path) -> None:
    archive = tmp_path / "server.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(server_folder, "amd64")
    for named in (server_folder, str(archive), str(archive)):
        session.settings = session.settings._replace(ssh_server=named)
        assert find_server(session, "amd64").version == "9.2"
    session.settings = session.settings._replace(ssh_server="/nowhere")
    with pytest.raises(ConfigurationError, match="does not exist"):
        find_server(session, "amd64")


def test_then_the_installed_package(
    session: Session, server_folder: str, tmp_path: Path, monkeypatch
) -> None:
    package = tmp_path / "site" / "cove_sshd"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    shutil.copytree(server_folder, package / "amd64")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert find_server(session, "amd64").folder == f"{package}/amd64"
    sys.modules.pop("cove_sshd", None)


def test_then_the_cache_and_a_build(session: Session, server_folder: str, monkeypatch) -> None:
    built: list[str] = []

    def build(target: str, arch: str, *_: object, **__: object) -> None:
        built.append(arch)
        shutil.copytree(server_folder, target)

    monkeypatch.setattr("cove.ssh.build.build_server", build)
    session.settings = session.settings._replace(offline=True)
    with pytest.raises(NetworkError, match="stay offline"):
        find_server(session, "amd64")
    session.settings = session.settings._replace(offline=False)
    for _ in range(2):
        folder = find_server(session, "amd64").folder
        assert os.path.basename(folder) == f"openssh-amd64-{recipe_digest()}"
    assert built == ["amd64"]
