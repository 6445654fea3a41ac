"""The steps of a build, with processes that answer at once; tests/live/test_ssh.py uses what real ones leave."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError, NetworkError
from cove.host.proc import Outcome
from cove.ssh.build import ServerBuildError, build_server
from cove.ssh.recipe import CHANGES
from cove.ssh.server import read_server

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine
    from cove.host.proc import Command


class Builders:
    """apt-get, tar, patch, pip, configure and make, as far as files show."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.failing = ""

    def run(self, command: Command) -> Outcome:
        self.calls.append(command.argv)
        assert command.cwd
        if self.failing and self.failing in command.argv:
            return Outcome(command, 1, "", "it went wrong")
        match command.argv:
            case ("apt-get", *words) if "source" in words:
                for name in (".dsc", ".orig.tar.gz", ".orig.tar.gz.asc", ".debian.tar.xz"):
                    self.write(f"{command.cwd}/openssh_9.2p1{'' if 'orig' in name else '-2'}{name}", "")
            case ("tar", "xf", path) if "orig" in path:
                for change in CHANGES:
                    self.write(f"{command.cwd}/openssh-9.2p1/{change.files[0]}", change.old, "a")
                for name in ("configure", "config.h.in"):
                    self.write(f"{command.cwd}/openssh-9.2p1/{name}", "")
                self.write(
                    f"{command.cwd}/openssh-9.2p1/Makefile.in", "sshd$(EXEEXT):\nsshd-session$(EXEEXT):\n"
                )
            case ("tar", "xf", _):
                self.write(f"{command.cwd}/debian/patches/series", "# a list\none.patch\ntwo.patch # why\n")
            case ("make", _, *programs):
                assert command.env["CC"].endswith("/bin/cc")
                for name in programs:
                    self.write(f"{command.cwd}/{name}", f"binary {name}")
        return Outcome(command, 0)

    @staticmethod
    def write(path: str, text: str, mode: str = "w") -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, mode) as file:
            file.write(text)


@pytest.fixture
def ready(machine: Machine, tmp_path: Path) -> Machine:
    """A machine with the tools that a build needs."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("apt-get", "make", "patch"):
        (tools / name).write_text("")
        (tools / name).chmod(0o755)
    return machine._replace(env={"PATH": str(tools)})


def test_a_build_leaves_a_whole_server(ready: Machine, tmp_path: Path) -> None:
    builders, told = Builders(), []
    target = f"{tmp_path}/cache/openssh"
    build_server(target, "arm64", ready, builders, tell=told.append, index="https://index.example/simple")
    server = read_server(target)
    assert server.programs == ("scp", "sftp-server", "sshd", "sshd-session")
    assert server.version == "9.2p1-2"
    assert json.loads((tmp_path / "cache/openssh/server.json").read_text())["arch"] == "arm64"
    assert [argv[-1] for argv in builders.calls if argv[0] == "patch"] == [
        "debian/patches/one.patch",
        "debian/patches/two.patch",
    ]
    assert any("--host=aarch64-linux-musl" in argv for argv in builders.calls)
    assert any("https://index.example/simple" in argv for argv in builders.calls)
    assert len(told) == 3
    build_server(target, "arm64", ready, builders, tell=told.append)  # in place of the one before
    assert os.listdir(tmp_path / "cache") == ["openssh"]


def test_what_fails_is_told(ready: Machine, tmp_path: Path) -> None:
    builders = Builders()
    builders.failing = "source"
    with pytest.raises(NetworkError, match="source of OpenSSH cannot be fetched"):
        build_server(f"{tmp_path}/t", "amd64", ready, builders, tell=print)
    builders.failing = "sshd"
    with pytest.raises(ServerBuildError, match="ended with 1") as raised:
        build_server(f"{tmp_path}/t", "amd64", ready, builders, tell=print)
    assert "ssh_server" in raised.value.hint
    assert not os.path.exists(f"{tmp_path}/t")


def test_what_a_build_needs(machine: Machine, tmp_path: Path) -> None:
    bare = machine._replace(env={"PATH": "/nowhere"})
    with pytest.raises(ServerBuildError, match="needs apt-get, make, patch"):
        build_server(f"{tmp_path}/t", "amd64", bare, Builders(), tell=print)
    with pytest.raises(EngineError, match="no SSH server for s390x"):
        build_server(f"{tmp_path}/t", "s390x", bare, Builders(), tell=print)
