from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cove.testing import FakeRunner
from cove.workspace.credentials import agent_note
from cove.workspace.errands import Errands

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "0123456789ab"


@pytest.fixture
def machine() -> Iterator[Any]:
    """Short paths: these are sockets'."""
    with tempfile.TemporaryDirectory() as folder:
        found: Any = SimpleNamespace(
            directories=SimpleNamespace(run=f"{folder}/r", state=f"{folder}/st"), env={}
        )
        os.makedirs(f"{folder}/r/{ID}/s")
        os.makedirs(f"{folder}/st/ssh")
        grant(found, True, True)
        yield found


def grant(machine: Any, *grants: bool) -> None:
    Path(machine.directories.run, ID, "grants.json").write_text(json.dumps(grants))


@pytest.fixture
def errands(machine: Any) -> Iterator[Errands]:
    runner = FakeRunner().answer("git", stdout="username=ada\npassword=p\n")
    found = Errands(machine, runner)
    yield found
    found.close()


def ask(path: str, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(path)
        try:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            return link.recv(100)
        except (ConnectionResetError, BrokenPipeError):  # closed with the question unread
            return b""


def test_git_is_answered(machine: Any, errands: Errands) -> None:
    errands.look()
    path = f"{machine.directories.run}/{ID}/s/git.sock"
    assert ask(path, b"protocol=https\nhost=h\n\n") == b"username=ada\npassword=p\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o666


def test_the_agent_is_reached_where_it_is_now(machine: Any, errands: Errands) -> None:
    errands.look()
    path = f"{machine.directories.run}/{ID}/s/agent.sock"
    assert ask(path, b"?") == b"", "no agent is known"
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(f"{machine.directories.state}/a")
        agent.listen()

        def echo() -> None:
            link, _ = agent.accept()
            with link:
                link.sendall(link.recv(10) + b"!")

        threading.Thread(target=echo, daemon=True).start()
        Path(agent_note(machine)).write_text(f"{machine.directories.state}/a")
        assert ask(path, b"hello") == b"hello!"
    Path(agent_note(machine)).write_text(__file__)
    assert ask(path, b"?") == b"", "no socket"


def test_what_a_container_plants_is_replaced_and_never_followed(machine: Any, errands: Errands) -> None:
    victim = Path(machine.directories.state, "victim")
    victim.write_text("mine")
    victim.chmod(0o600)
    path = Path(machine.directories.run, ID, "s", "git.sock")
    path.symlink_to(victim)
    errands.look()
    assert path.is_socket()
    assert stat.S_IMODE(victim.stat().st_mode) == 0o600
    path.unlink()
    path.symlink_to(victim)
    errands.look()
    assert not path.is_symlink()
    assert victim.read_text() == "mine"


def test_it_follows_the_grants_and_the_folder(machine: Any, errands: Errands) -> None:
    shared = Path(machine.directories.run, ID, "s")
    errands.look()
    shutil.rmtree(shared)
    shared.mkdir()
    errands.look()
    assert {path.name for path in shared.iterdir()} == {"agent.sock", "git.sock"}
    grant(machine, False, False)
    errands.look()
    with pytest.raises(ConnectionRefusedError):
        ask(f"{shared}/git.sock", b"")
    shutil.rmtree(machine.directories.run)
    errands.look()
