from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from cove.errors import PlaceError, UsageError
from cove.host.openssh import (
    SshAddress,
    SshConnection,
    SshRunner,
    is_ssh_failure,
    parse_ssh_address,
    plan_ssh_error,
    render_variables,
)
from cove.host.proc import Command
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from pathlib import Path

BOX = SshAddress("box")


def connection(folder: Path, runner: FakeRunner) -> SshConnection:
    return SshConnection(BOX, str(folder), runner)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ssh://box", SshAddress("box")),
        ("ssh://Box", SshAddress("Box")),
        ("ssh://me@box:2222", SshAddress("box", "me", 2222)),
        ("ssh://me@[fe80::1]:22", SshAddress("fe80::1", "me", 22)),
        ("ssh://[fe80::1]", SshAddress("fe80::1")),
        ("ssh://root@box:22/run/podman/podman.sock", SshAddress("box", "root", 22)),
    ],
)
def test_an_address_is_parsed(text: str, address: SshAddress) -> None:
    assert parse_ssh_address(text) == address
    assert parse_ssh_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "box",
        "ssh://",
        "ssh://me:secret@box",
        "ssh://-oProxyCommand=x",
        "ssh://a b",
        "ssh://box:x",
        "tcp://box",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_ssh_address(text)


def test_a_command_becomes_one_word_of_sh(tmp_path: Path) -> None:
    there = connection(tmp_path, FakeRunner()).command(Command(("printf", "%s", "it's; $HOME `x`\n")))
    assert there.argv[0] == "ssh"
    assert there.argv[-3:-1] == ("--", "box")
    line = there.argv[-1]
    said = subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True).stdout
    assert said == "it's; $HOME `x`\n"


def test_values_of_variables_go_ahead_by_stdin(tmp_path: Path) -> None:
    runner = FakeRunner().answer("ssh mktemp", stdout="/run/x/env.1").answer("ssh", stdout="/run/x/env.1")
    there = connection(tmp_path, runner).command(Command(("docker", "ps"), env={"TOKEN": "s3cret"}))
    assert runner.commands[0].stdin == b"export TOKEN=s3cret\n"
    assert not any("s3cret" in word for command in (*runner.commands, there) for word in command.argv)
    assert ". /run/x/env.1; rm -f /run/x/env.1" in there.argv[-1]
    assert there.env == {}


def test_variables_survive_sh() -> None:
    value = "a'b\"c$d\n`e`"
    text = render_variables({"X": value, "not a name": "y"})
    said = subprocess.run(
        ["sh", "-c", text + 'printf %s "$X"'], check=True, capture_output=True, text=True
    ).stdout
    assert said == value


def test_one_connection_is_shared(tmp_path: Path) -> None:
    words = connection(tmp_path, FakeRunner()).command(Command(("true",))).argv
    assert "ControlMaster=auto" in words
    assert any(word == f"ControlPath={connection(tmp_path, FakeRunner()).control}" for word in words)
    assert "-T" in words
    assert "-t" in connection(tmp_path, FakeRunner()).command(Command(("true",)), tty=True).argv


def test_a_code_of_ssh_is_told_from_the_commands_own(tmp_path: Path) -> None:
    runner = FakeRunner().answer("ssh", code=255, stderr="curl: (7) Connection refused\n")
    assert SshRunner(connection(tmp_path, runner)).run(Command(("x",))).code == 255
    runner = FakeRunner().answer(
        "ssh", code=255, stderr="ssh: connect to host box port 22: Connection refused\n"
    )
    with pytest.raises(PlaceError, match="nothing takes connections"):
        SshRunner(connection(tmp_path, runner)).run(Command(("x",)))


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("ssh: Could not resolve hostname box: Name or service not known", "name is not known"),
        ("me@box: Permission denied (publickey,password).", "refuses the keys"),
        ("Host key verification failed.", "host key is not known"),
        ("ssh: connect to host box port 22: Connection timed out", "does not answer"),
        ("", "without a word"),
    ],
)
def test_failures_say_what_to_try(said: str, meaning: str) -> None:
    error = plan_ssh_error(BOX, said)
    assert meaning in error.message
    assert "box" in error.message
    assert error.hint
    assert not said or is_ssh_failure(said)


def test_ssh_may_ask_the_person_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    runner = FakeRunner().answer("ssh", code=255, stderr="me@box: Permission denied (password).")
    with pytest.raises(PlaceError):
        connection(folder, runner).open()
    assert not runner.attached
    runner.answer("ssh -T", code=0).answer(
        "ssh BatchMode=yes", code=255, stderr="Permission denied (password)."
    )
    connection(folder, runner).open(may_ask=True)
    assert len(runner.attached) == 1


def test_nothing_to_run_ssh_with_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="not on PATH"):
        connection(tmp_path / "run", FakeRunner()).open()


def test_sockets_are_forwarded_over_the_connection(tmp_path: Path) -> None:
    runner = FakeRunner().answer("ssh -O forward").answer("ssh -O cancel").answer("ssh -O exit")
    there = connection(tmp_path, runner)
    there.forward("/run/here.sock", "/run/there.sock")
    there.unforward("/run/here.sock", "/run/there.sock")
    there.close()
    assert "/run/here.sock:/run/there.sock" in runner.argvs[0]
