from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from cove.engines.elsewhere import is_elsewhere, parse_facts, parse_word, read_engine_elsewhere, render_origin
from cove.errors import EngineError, PlaceError, UsageError
from cove.host.machine import Directories, Machine, Owner
from cove.host.openssh import SshAddress
from cove.spec.run import ExecRequest
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.proc import Command

FACTS = (
    "/home/ada/.local/share/cove/from/1\n1000\n1000\nbox\n/usr/bin/docker\n\nyes\n\n1048576\nunlimited\n8192\n\n"
    "/usr/bin/runc\n--\nCapEff:\t0000000000000000\nCapBnd:\tffffffffffffffff\n\n--\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"
)
INFO = {"ServerVersion": "28.0.0", "OSType": "linux", "Architecture": "x86_64", "Name": "box", "ID": "x"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    base = str(tmp_path)
    folders = Directories(f"{base}/config", f"{base}/data", f"{base}/cache", f"{base}/state", f"{base}/run")
    return Machine("Linux", "amd64", Owner(1000, 1000), False, base, {}, folders, base)


@pytest.mark.parametrize(
    ("word", "parsed"),
    [
        ("ssh://box", ("", SshAddress("box"))),
        ("docker+ssh://me@box:22", ("docker", SshAddress("box", "me", 22))),
        ("podman+ssh://box", ("podman", SshAddress("box"))),
    ],
)
def test_a_word_names_engine_and_machine(word: str, parsed: tuple[str, SshAddress]) -> None:
    assert is_elsewhere(word)
    assert parse_word(word) == parsed


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown engine"):
        parse_word("lxc+ssh://box")
    assert not is_elsewhere("docker")


def test_facts_are_parsed() -> None:
    there = parse_facts(FACTS)
    assert there.owner == Owner(1000, 1000)
    assert there.programs == ("/usr/bin/docker", "")
    assert there.kernel.systemd
    assert not there.kernel.tun
    assert there.kernel.stack == 8192 * 1024
    assert there.kernel.locked_memory == -1
    assert not there.kernel.may_raise_limits
    assert there.found == {"/usr/bin/runc"}
    with pytest.raises(EngineError):
        parse_facts("This account is currently not available.")


def answering(machine: Machine) -> FakeRunner:
    def answer(command: Command) -> str:
        line = command.argv[-1]
        return (
            json.dumps(INFO) if "docker info" in line else FACTS if "--" in line and "uname" in line else ""
        )

    class Runner(FakeRunner):
        def run(self, command: Command):  # type: ignore[no-untyped-def]
            self.answers.clear()
            self.answer("ssh", stdout=answer(command))
            return super().run(command)

    return Runner()


def test_its_commands_run_there(machine: Machine) -> None:
    runner = answering(machine)
    engine = read_engine_elsewhere("ssh://box", runner, machine)
    assert engine.word == "docker+ssh://box"
    assert engine.info().remote
    command = engine.exec_command(ExecRequest("c1", ("echo", "a b"), tty=True))
    assert command.argv[0] == "ssh"
    assert "-t" in command.argv
    assert "/usr/bin/docker exec --tty c1 echo" in command.argv[-1]
    engine.exec(ExecRequest("c1", ("true",)))
    assert runner.commands[-1].argv[-1].count("ssh") == 0, "not sent twice"


def test_where_there_is_no_engine_it_is_said(machine: Machine) -> None:
    runner = FakeRunner().answer("ssh", stdout=FACTS.replace("/usr/bin/docker", ""))
    with pytest.raises(EngineError, match="neither docker nor podman"):
        read_engine_elsewhere("ssh://box", runner, machine)


def test_a_machine_that_is_away_is_a_place_error(machine: Machine) -> None:
    runner = FakeRunner().answer(
        "ssh", code=255, stderr="ssh: connect to host box port 22: Connection refused"
    )
    with pytest.raises(PlaceError, match="nothing takes connections"):
        read_engine_elsewhere("ssh://box", runner, machine)


def test_two_machines_files_do_not_meet(machine: Machine) -> None:
    assert render_origin(machine) != render_origin(machine._replace(owner=Owner(1001, 1001)))


@pytest.mark.parametrize("word", ["slurm", "docker", "+x", ""])
def test_what_is_no_machine_is_named_as_it_was_written(word: str) -> None:
    with pytest.raises(UsageError, match=f"^`{re.escape(word)}` does not name another machine"):
        parse_word(word)
