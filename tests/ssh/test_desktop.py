from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.ssh.desktop import (
    EDITORS,
    choose_way,
    engine_settings,
    find_program,
    read_extensions,
    render_address,
    render_call,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine

CODE = EDITORS["vscode"]
ATTACHES, SPEAKS = "ms-vscode-remote.remote-containers-0.400.0", "ms-vscode-remote.remote-ssh-0.120.0"


@pytest.mark.parametrize(
    ("editor", "extensions", "engine", "way"),
    [
        ("vscode", [ATTACHES], "docker", "attach"),
        ("vscode", [ATTACHES, SPEAKS], "docker", "attach"),
        ("vscode", [ATTACHES, SPEAKS], "podman", "ssh"),
        ("vscode", [SPEAKS, "ms-vscode-remote.remote-ssh-edit-1"], "docker", "ssh"),
        ("vscode", [ATTACHES], "podman", "attach"),
        ("vscode", [], "docker", "attach"),
        ("cursor", [], "docker", "ssh"),
    ],
)
def test_whichever_is_there(editor: str, extensions: list[str], engine: str, way: str) -> None:
    assert choose_way(EDITORS[editor], extensions, engine=engine) == way


def address(editor: str, way: str, folder: str = "/workspaces/my nets", **settings: str) -> str:
    return render_address(
        EDITORS[editor], way, name="nets", container="cove-nets", folder=folder, user="dev", settings=settings
    )


def test_the_extension_s_own_address() -> None:
    written = address("vscode", "attach", host="ssh://gpu")
    kind, _, rest = written.partition("+")
    meant, _, folder = rest.partition("/")
    assert kind == "vscode-remote://attached-container"
    assert json.loads(bytes.fromhex(meant)) == {
        "containerName": "/cove-nets",
        "settings": {"host": "ssh://gpu"},
    }
    assert folder == "workspaces/my%20nets"
    assert "settings" not in bytes.fromhex(address("vscode", "attach", "/w").split("+")[1][:-2]).decode()


@pytest.mark.parametrize(
    ("editor", "expected"),
    [
        ("vscode", "vscode-remote://ssh-remote+nets.cove/workspaces/my%20nets"),
        ("cursor", "vscode-remote://ssh-remote+nets.cove/workspaces/my%20nets"),
        ("windsurf", "vscode-remote://ssh-remote+nets.cove/workspaces/my%20nets"),
        ("zed", "ssh://nets.cove/workspaces/my%20nets"),
        (
            "pycharm",
            (
                "jetbrains-gateway://connect#type=ssh&host=nets.cove&port=22&user=dev&projectPath=%2Fworkspaces%2Fmy+nets"
                "&deploy=true&productCode=PY"
            ),
        ),
    ],
)
def test_by_ssh(editor: str, expected: str) -> None:
    assert address(editor, "ssh") == expected


def test_how_an_editor_is_called() -> None:
    assert render_call(CODE, "/usr/bin/code", "vscode-remote://a") == (
        "/usr/bin/code",
        "--folder-uri",
        "vscode-remote://a",
    )
    assert render_call(EDITORS["zed"], "zed", "ssh://a") == ("zed", "ssh://a")


def test_an_engine_elsewhere() -> None:
    assert engine_settings({"DOCKER_HOST": "ssh://gpu", "DOCKER_CONTEXT": "c"}) == {"host": "ssh://gpu"}
    assert engine_settings({"DOCKER_CONTEXT": "c"}) == {"context": "c"}
    assert engine_settings({}) == {}


def test_what_is_on_this_machine(machine: Machine, tmp_path: Path) -> None:
    assert read_extensions(machine, CODE) == []
    os.makedirs(f"{machine.home}/.vscode/extensions/MS-vscode-remote.remote-ssh-1")
    there = machine._replace(env={"PATH": str(tmp_path), "VSCODE_EXTENSIONS": str(tmp_path / "ext")})
    (tmp_path / "ext" / ATTACHES).mkdir(parents=True)
    assert read_extensions(there, CODE) == [ATTACHES, "ms-vscode-remote.remote-ssh-1"]
    assert find_program(there, CODE) == ""
    (tmp_path / "code-insiders").write_text("")
    (tmp_path / "code-insiders").chmod(0o755)
    assert find_program(there, CODE) == f"{tmp_path}/code-insiders"
