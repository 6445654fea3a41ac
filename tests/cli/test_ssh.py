"""`cove ssh`: what it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.host.proc import CommandMissing
from cove.ssh.connect import Ready

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.host.proc import Command
    from cove.testing import FakeEngine


class Became(Exception):  # noqa: N818 - a signal
    """Instead of another program."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    commands: list[Command] = []

    def become(command: Command) -> None:
        commands.append(command)
        raise CommandMissing("not in tests")

    monkeypatch.setattr("cove.cli.ssh.replace_with", become)
    return commands


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr("cove.ssh.connect.prepare", lambda _, desk: names.append(desk.name))
    return names


def test_the_client_with_cove_s_configuration(
    there: ContainerInfo, became: list[Command], prepared: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ssh", "digits", "--", "-L", "8888:localhost:8888", "ls"]) == 9
    assert became[0].argv[0] == "ssh"
    assert became[0].argv[3:] == ("digits.cove", "-L", "8888:localhost:8888", "ls")
    assert prepared == ["digits"]
    assert "no OpenSSH client" in capsys.readouterr().err


def test_the_connection(
    there: ContainerInfo, engine: FakeEngine, became: list[Command], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cove.ssh.connect.read_ready", lambda *_: Ready("c", ("sshd",)))
    main(["ssh", "--stdio", "digits.cove"])
    assert "/opt/cove/ssh/sshd" in became[0].argv
    assert main(["ssh", "--stdio"]) == 2
