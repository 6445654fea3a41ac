"""From an address to what its files say."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.host.machine import Owner
from cove.spec.config import parse_configuration
from cove.spec.run import Mount
from cove.workspace.read import (
    choose_workspace_folder,
    choose_workspace_mount,
    read_owner,
    read_repository_root,
    read_workspace,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.host.machine import Machine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


@pytest.mark.parametrize(
    ("written", "folder", "root", "expected"),
    [
        (None, "/home/ada/digits", "/home/ada/digits", "/workspaces/digits"),
        (None, "/home/ada/mono/examples/digits", "/home/ada/mono", "/workspaces/mono/examples/digits"),
        ("/work", "/home/ada/digits", "/home/ada/digits", "/work"),
        (None, "/", "/", "/workspaces/workspace"),
    ],
)
def test_workspace_folder(written: str | None, folder: str, root: str, expected: str) -> None:
    assert choose_workspace_folder(written, folder, root) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Mount("bind", "/home/ada", "/workspaces/ada")),
        (', "workspaceFolder": "/w"', Mount("bind", "/home/ada", "/workspaces/ada")),
        (', "workspaceMount": "", "workspaceFolder": "/w"', None),
        (
            ', "workspaceMount": "type=bind,source=/src,target=/w", "workspaceFolder": "/w"',
            Mount("bind", "/src", "/w"),
        ),
    ],
)
def test_workspace_mount(written: str, expected: Mount | None) -> None:
    folder = "/home/ada/digits"
    configuration = parse_configuration(f'{{"image": "debian"{written}}}', path="/f.json", folder=folder)
    assert choose_workspace_mount(configuration, "/home/ada") == expected


def test_a_mount_without_a_folder_to_open_is_refused() -> None:
    text = '{"image": "debian", "workspaceMount": "type=bind,source=/a,target=/b"}'
    configuration = parse_configuration(text, path="/f.json", folder="/home")
    with pytest.raises(ConfigurationError, match="`workspaceMount` needs `workspaceFolder`"):
        choose_workspace_mount(configuration, "/home")


def test_the_repository_is_what_git_keeps(tmp_path: Path) -> None:
    (tmp_path / "mono/a/b").mkdir(parents=True)
    assert read_repository_root(f"{tmp_path}/mono/a") == f"{tmp_path}/mono/a"
    (tmp_path / "mono/.git").write_text("gitdir: elsewhere")  # as in a worktree
    assert read_repository_root(f"{tmp_path}/mono/a/b") == f"{tmp_path}/mono"


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Owner(1000, 100), Owner(1000, 100)),  # under sudo too: the machine's owner is who called it
        (Owner(0, 0), Owner(1234, 5678)),
    ],
)
def test_owner(machine: Machine, monkeypatch: pytest.MonkeyPatch, caller: Owner, expected: Owner) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda _: SimpleNamespace(st_uid=1234, st_gid=5678))
        assert read_owner(machine._replace(owner=caller), "/folder") == expected


def test_variables_of_the_host_are_settled_and_the_written_ones_kept(
    session: Session, read: Callable[..., Reading]
) -> None:
    session.machine = session.machine._replace(env={"TOKEN": "abc"})
    found = read(
        '{"image": "debian:${localEnv:TOKEN}", "containerEnv": {"AT": "${containerWorkspaceFolder}"},'
        ' "remoteEnv": {"P": "${containerEnv:PATH}"}}'
    )
    assert found.configuration.source == ("debian:abc",)
    assert found.written.source == ("debian:${localEnv:TOKEN}",)
    assert found.configuration.layer.container_env == {"AT": "/workspaces/digits"}
    assert found.configuration.layer.remote_env == {"P": "${containerEnv:PATH}"}
    assert found.workspace_mount == Mount("bind", found.address.folder, "/workspaces/digits")


def test_a_bare_dockerfile(read: Callable[..., Reading]) -> None:
    found = read(Dockerfile="FROM debian\n")
    assert found.configuration.source[:2] == (f"{found.address.folder}/Dockerfile", found.address.folder)


@pytest.mark.parametrize(
    ("data", "message"),
    [(None, "cannot read it: No such file"), (b'{"image": "\xff"}', "it is not UTF-8 text")],
)
def test_a_file_that_cannot_be_read_is_named(
    session: Session, read: Callable[..., Reading], data: bytes | None, message: str
) -> None:
    address = read('{"image": "debian"}').address
    os.unlink(address.config_path)
    if data is not None:
        with open(address.config_path, "wb") as file:
            file.write(data)
    with pytest.raises(ConfigurationError, match=f"^{address.config_path}: {message}"):
        read_workspace(session.machine, address)
