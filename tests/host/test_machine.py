from __future__ import annotations

import os

import pytest

from cove.host.machine import Owner, choose_directories, choose_owner, read_machine


@pytest.mark.parametrize(
    ("uid", "env", "expected"),
    [
        (1000, {}, Owner(1000, 100)),
        (0, {}, Owner(0, 100)),
        (0, {"SUDO_UID": "1001", "SUDO_GID": "1002"}, Owner(1001, 1002)),
        (1000, {"SUDO_UID": "1001", "SUDO_GID": "1002"}, Owner(1000, 100)),
        (0, {"SUDO_UID": "1001"}, Owner(0, 100)),
        (0, {"SUDO_UID": "me", "SUDO_GID": "1002"}, Owner(0, 100)),
    ],
)
def test_files_belong_to_the_caller_and_under_sudo_to_who_called_it(
    uid: int, env: dict[str, str], expected: Owner
) -> None:
    assert choose_owner(uid, 100, env) == expected


def test_folders_have_their_defaults() -> None:
    folders = choose_directories({}, "/home/me", 1000)
    assert folders == (
        "/home/me/.config/cove",
        "/home/me/.local/share/cove",
        "/home/me/.cache/cove",
        "/home/me/.local/state/cove",
        "/tmp/cove-1000",
    )


def test_xdg_variables_move_them_if_absolute() -> None:
    env = {"XDG_CONFIG_HOME": "/c", "XDG_CACHE_HOME": "relative", "XDG_STATE_HOME": ""}
    folders = choose_directories(env, "/home/me", 1000)
    assert folders.config == "/c/cove"
    assert folders.cache == "/home/me/.cache/cove"
    assert folders.state == "/home/me/.local/state/cove"


def test_one_variable_moves_them_all_but_the_sockets() -> None:
    folders = choose_directories({"COVE_HOME": "/x", "XDG_CONFIG_HOME": "/c"}, "/home/me", 7)
    assert folders[:4] == ("/x/config", "/x/data", "/x/cache", "/x/state")
    assert folders.run == "/tmp/cove-7"
    assert choose_directories({"COVE_RUN_DIR": "/r"}, "/home/me", 7).run == "/r"


def test_this_machine_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVE_HOME", "/somewhere")
    machine = read_machine()
    assert machine.cwd == os.getcwd()
    assert machine.is_root == (os.getuid() == 0)
    assert machine.arch in {"amd64", "arm64"}
    assert machine.directories.config == "/somewhere/config"
    monkeypatch.setenv("LATER", "1")
    assert "LATER" not in machine.env
