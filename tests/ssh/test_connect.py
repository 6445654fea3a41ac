from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError, NotFound
from cove.host.proc import HostRunner
from cove.ssh.connect import (
    Desk,
    Ready,
    find_ssh_desk,
    pack_server,
    plan_connection,
    plan_server,
    prepare,
    read_ready,
    workspace_of,
)
from cove.ssh.server import read_server

if TYPE_CHECKING:
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session

DESK = Desk("digits", "0123456789ab", "c1", "dev", "/workspaces/digits", {"PATH": "/usr/bin", "GONE": None})


@pytest.mark.parametrize(
    ("host", "workspace"),
    [("digits.cove", "digits"), ("Digits.COVE", "Digits"), ("digits", "digits"), ("/a/b.cove", "/a/b.cove")],
)
def test_the_workspace_of_a_host(host: str, workspace: str) -> None:
    assert workspace_of(host) == workspace


def test_the_server_runs_as_the_remote_user_with_their_environment() -> None:
    request = plan_server(DESK, Ready("c1", ("scp", "sshd")))
    assert (request.user, request.interactive, request.tty) == ("dev", True, False)
    assert request.argv[:2] == ("/opt/cove/ssh/sshd", "-i")
    assert request.env == {
        "PATH": "/usr/bin:/opt/cove/ssh/bin",
        "GONE": None,
        "COVE_SSH_FOLDER": "/workspaces/digits",
    }
    assert "PasswordAuthentication=no" in request.argv
    assert not any("SshdSessionPath" in word for word in request.argv)
    newer = plan_server(DESK._replace(env={}), Ready("c1", ("sshd", "sshd-auth", "sshd-session"), "/bin"))
    assert {"SshdSessionPath=/opt/cove/ssh/sshd-session", "SshdAuthPath=/opt/cove/ssh/sshd-auth"} <= {
        *newer.argv
    }
    assert newer.env["PATH"] == "/bin:/opt/cove/ssh/bin"


def test_what_goes_into_the_container(server_folder: str) -> None:
    archive = pack_server(read_server(server_folder), b"HOST KEY", "ssh-ed25519 AAA")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {member.name: (member.mode, member.uid) for member in tar}
    assert found == {
        "opt/cove/ssh": (0o755, 0),
        "opt/cove/ssh/bin": (0o755, 0),
        "opt/cove/ssh/bin/scp": (0o755, 0),
        "opt/cove/ssh/sshd": (0o755, 0),
        "opt/cove/ssh/authorized_keys": (0o644, 0),
        "opt/cove/ssh/host_key": (0o644, 0),
        "opt/cove/ssh/host_key_of_root": (0o600, 0),
    }


def test_a_container_is_prepared_once(
    session: Session, engine: FakeEngine, record: Record, server_folder: str
) -> None:
    session.runner = HostRunner()  # for ssh-keygen
    session.settings = session.settings._replace(ssh_server=server_folder)
    with pytest.raises(NotFound):
        plan_connection(session, "digits")
    container = engine.add_container(
        id=record.container, labels={"cove.id": record.id, "cove.name": "digits"}
    )
    command = plan_connection(session, "digits")
    assert "/opt/cove/ssh/sshd" in command.argv
    assert list(engine.unpacked) == [container.id]
    calls = len(engine.calls)
    assert plan_connection(session, "digits") == command
    assert len(engine.calls) == calls, "the second connection asks the engine nothing"
    desk = find_ssh_desk(session, "digits")
    assert read_ready(session, desk._replace(container="c2")) is None, "made anew"
    assert os.stat(f"{session.machine.directories.state}/{record.id}/ssh/ready.json").st_mode & 0o077 == 0


def test_one_that_does_not_run(session: Session, engine: FakeEngine, record: Record) -> None:
    engine.add_container(id=record.container, labels={"cove.id": record.id}, state="exited")
    with pytest.raises(EngineError, match="exited"):
        prepare(session, find_ssh_desk(session, "digits"))


def test_secrets_go_along(session: Session, record: Record, tmp_path) -> None:
    from cove.workspace.records import write_record

    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"KEY": "value"}))
    write_record(session.machine, record._replace(secrets_file=str(secrets)))
    assert find_ssh_desk(session, "digits").env["KEY"] == "value"
