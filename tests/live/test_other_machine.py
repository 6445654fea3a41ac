"""Another machine, reached by the person's own OpenSSH client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from testbed.sshd import other_machine

from cove.errors import PlaceError
from cove.host.openssh import SshConnection, SshRunner, parse_ssh_address
from cove.host.proc import Command, HostRunner, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.slot import Slot
    from testbed.sshd import OtherMachine


@pytest.fixture(scope="module")
def machine(slot: Slot) -> Iterator[OtherMachine]:
    with other_machine(slot) as machine, pytest.MonkeyPatch.context() as patch:
        for name, value in machine.env.items():
            patch.setenv(name, value)
        yield machine


@pytest.fixture
def connection(machine: OtherMachine) -> Iterator[SshConnection]:
    there = SshConnection(parse_ssh_address(machine.url), f"{machine.folder}/r", HostRunner())
    there.open()
    yield there
    there.close()


def test_commands_run_there(machine: OtherMachine, connection: SshConnection) -> None:
    runner = SshRunner(connection)
    net = runner.run(Command(("readlink", "/proc/self/ns/net"))).stdout
    assert net == machine.run("readlink", "/proc/self/ns/net")
    assert runner.run(Command(("sh", "-c", "cat; exit 7"), stdin=b"in\0out")).code == 7
    odd = ("it's", 'a "b"', "$HOME", "new\nline", "", "*")
    assert runner.run(Command(("printf", "%s|", *odd))).stdout == "".join(f"{word}|" for word in odd)
    secret = runner.run(
        Command(("sh", "-c", 'cat /proc/$PPID/cmdline; printf %s "$TOKEN"'), env={"TOKEN": "s3 cret'"})
    )
    assert secret.stdout.endswith("s3 cret'")
    assert secret.stdout.count("s3 cret") == 1
    lines: list[str] = []
    assert runner.stream(Command(("sh", "-c", "echo a; echo b >&2")), lines.append).ok
    assert sorted(lines) == ["a", "b"]


def test_there_is_one_connection_and_nothing_else_listens(
    machine: OtherMachine, connection: SshConnection
) -> None:
    for _ in range(5):
        assert SshRunner(connection).run(Command(("true",))).ok
    established = machine.run("ss", "-Htn", "state", "established").splitlines()
    assert len(established) == 1
    assert machine.listening() == [f"{machine.address}:22"]


def test_a_stream_reaches_a_port_there(machine: OtherMachine, connection: SshConnection) -> None:
    process = connection.dial(machine.address, 22)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout as answer:
        assert answer.read(7) == b"SSH-2.0"
        stop(process)


def test_failures_are_told(machine: OtherMachine) -> None:
    nobody = SshConnection(parse_ssh_address("ssh://nobody.invalid"), f"{machine.folder}/r", HostRunner())
    with pytest.raises(PlaceError, match="its name is not known"):
        nobody.open()
    closed = SshConnection(parse_ssh_address("ssh://machine:23"), f"{machine.folder}/r", HostRunner())
    with pytest.raises(PlaceError, match="nothing takes connections"):
        closed.open()
