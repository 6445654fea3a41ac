from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cove.host.proc import CommandMissing
from cove.settings.settings import Settings
from cove.testing import FakeRunner
from cove.workspace.credentials import (
    Grants,
    answer_question,
    note_agent,
    offer_credentials,
    parse_question,
    read_agent,
    read_grants,
    read_identity,
    render_git_config,
)
from cove.workspace.session import Session

if TYPE_CHECKING:
    from pathlib import Path

ID = "0123456789ab"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    folders = SimpleNamespace(run=f"{tmp_path}/run", state=f"{tmp_path}/state")
    machine: Any = SimpleNamespace(directories=folders, env={"SSH_AUTH_SOCK": "/tmp/agent.1"})
    os.makedirs(f"{tmp_path}/run/{ID}/s")
    runner = FakeRunner().answer("git config", stdout="user.name\nAda\0user.email\nada@example.org\0")
    session = Session.__new__(Session)
    session.machine, session.runner, session.settings = machine, runner, Settings()
    return session


def editor(way: str = "socket", *, isolated: bool = False) -> Any:
    return SimpleNamespace(request=SimpleNamespace(way=way, isolated=isolated))


def test_what_is_offered(session: Session) -> None:
    env = offer_credentials(session, ID, editor())
    assert env == {"SSH_AUTH_SOCK": "/run/cove/agent.sock", "GIT_CONFIG_SYSTEM": "/run/cove/git/config"}
    assert read_grants(session.machine, ID) == Grants(git=True, agent=True)
    assert read_agent(session.machine) == "/tmp/agent.1"
    with open(f"{session.machine.directories.run}/{ID}/s/git/config") as file:
        text = file.read()
    assert 'name = "Ada"' in text
    assert "credential.js" in text
    assert os.path.exists(f"{session.machine.directories.run}/{ID}/s/git/credential.js")


@pytest.mark.parametrize(("way", "isolated"), [("socket", True), ("exec", False), ("port", False)])
def test_who_gets_nothing(session: Session, way: str, isolated: bool) -> None:
    assert offer_credentials(session, ID, editor(way, isolated=isolated)) == {}
    assert read_grants(session.machine, ID) == Grants()


def test_the_switches(session: Session) -> None:
    session.settings = Settings(git_credentials=False, ssh_agent=False, git_identity=False)
    assert offer_credentials(session, ID, editor()) == {}
    session.settings = Settings(git_credentials=False, ssh_agent=False)
    assert list(offer_credentials(session, ID, editor())) == ["GIT_CONFIG_SYSTEM"]
    assert offer_credentials(session, "ffffffffffff", editor()) == {}, "its folder is not there"


def test_the_agent_of_another_login(session: Session) -> None:
    note_agent(session)
    session.machine.env["SSH_AUTH_SOCK"] = "/tmp/agent.2"  # type: ignore[index]
    note_agent(session)
    assert read_agent(session.machine) == "/tmp/agent.2"


def test_a_damaged_note_grants_nothing(session: Session) -> None:
    for text in ("{", "[1, 2]", "[true, true, true]", '"xy"'):
        with open(f"{session.machine.directories.run}/{ID}/grants.json", "w") as file:
            file.write(text)
        assert read_grants(session.machine, ID) == Grants()
    assert json.dumps(Grants(git=True)) == "[true, false]"


def test_signing_by_the_agent(tmp_path: Path) -> None:
    public = tmp_path / "id.pub"
    public.write_text("ssh-ed25519 AAA ada\n")

    def said(**values: str) -> dict[str, str]:
        pairs = {name.replace("_", "."): value for name, value in values.items()}
        text = "".join(f"{name}\n{value}\0" for name, value in pairs.items())
        return read_identity(FakeRunner().answer("git config", stdout=text))

    signs = {"gpg.format": "ssh", "user.signingkey": "key::ssh-ed25519 AAA ada", "commit.gpgsign": "true"}
    for key in (f"{tmp_path}/id", str(public), "key::ssh-ed25519 AAA ada", "ssh-ed25519 AAA ada"):
        assert said(gpg_format="ssh", user_signingkey=key, commit_gpgsign="true") == signs
    assert said(gpg_format="ssh", user_signingkey="/nowhere", user_name="Ada") == {"user.name": "Ada"}
    assert said(user_signingkey="0xABC", commit_gpgsign="true", user_name="Ada") == {"user.name": "Ada"}
    assert read_identity(FakeRunner().answer("git", error=CommandMissing("no git"))) == {}


def test_the_configuration_is_of_the_lowest_rank() -> None:
    assert render_git_config({}, helper=False) == ""
    text = render_git_config({"user.name": 'A "B" \\ C'}, helper=True)
    assert text.startswith("[include]\n    path = /etc/gitconfig\n")
    assert 'name = "A \\"B\\" \\\\ C"' in text
    assert 'helper = "!/opt/cove/ide/bin/node /run/cove/git/credential.js"' in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("protocol=https\nhost=h\n", "protocol=https\nhost=h\n\n"),
        ("protocol=https\nhost=h\npath=p\nurl=ext::sh\nquit=1\n", "protocol=https\nhost=h\npath=p\n\n"),
        ("protocol=http\nhost=h\n", ""),
        ("protocol=https\n", ""),
        ("", ""),
    ],
)
def test_what_may_be_asked(text: str, expected: str) -> None:
    assert parse_question(text) == expected


def test_the_answer_holds_no_more_than_was_asked() -> None:
    told = "protocol=https\nhost=h\nusername=ada\npassword=p\nstate[]=x\n"
    runner = FakeRunner().answer("git", stdout=told)
    assert answer_question(runner, "protocol=https\nhost=h\n\n") == "username=ada\npassword=p\n"
    assert runner.commands[0].env["GIT_TERMINAL_PROMPT"] == "0"
    assert "h" not in runner.commands[0].argv
    assert answer_question(FakeRunner().answer("git", code=128), "protocol=https\nhost=h\n\n") == ""
    assert answer_question(FakeRunner(), "protocol=ssh\nhost=h\n\n") == ""
    away = FakeRunner().answer("git", error=CommandMissing("no git"))
    assert answer_question(away, "protocol=https\nhost=h\n\n") == ""
