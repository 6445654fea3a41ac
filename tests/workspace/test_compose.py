"""A service of a compose project as a workspace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, EngineError, Refused
from cove.host.files import write_atomic
from cove.spec.compose import PROJECT_LABEL
from cove.spec.config import DockerfileSource, ImageSource
from cove.workspace.compose import BroughtUp, read_brought_up, read_siblings, stop_siblings, take_down
from cove.workspace.consent import Consent
from cove.workspace.records import state_folder
from cove.workspace.stop import remove_workspace, stop_workspace
from cove.workspace.terms import UpRequest
from cove.workspace.up import up

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.proc import Command
    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

CONFIG = '{"dockerComposeFile": ["c.yml", "more.yml"], "service": "app", "workspaceFolder": "/work"}'
FILES = {
    "c.yml": 'version: "3"\nservices:\n  app:\n    image: "debian:${TAG:-12}"\n    user: dev\n  db:\n    image: db\n',
    "more.yml": "services:\n  app:\n    command: serve\n",
    ".env": "# of the project\nTAG='13'\n",
}


def test_what_is_read(read: Callable[..., Reading]) -> None:
    reading = read(CONFIG, **FILES)
    assert reading.configuration.source == ImageSource("debian:13")
    assert (reading.workspace_folder, reading.workspace_mount) == ("/work", None)
    project = reading.project
    assert project is not None
    assert (project.name, project.service, project.version, project.user) == ("digits", "app", "3", "dev")
    assert project.command == ("serve",)
    assert read('{"image": "debian"}').project is None


def test_a_service_of_further_files(read: Callable[..., Reading]) -> None:
    """What an extended file asks of the host is asked as well."""
    files = {
        "c.yml": "services:\n  app:\n    extends: {file: base.yml, service: common}\n",
        "base.yml": "services:\n  common:\n    image: debian:12\n    privileged: true\n",
    }
    reading = read('{"dockerComposeFile": "c.yml", "service": "app"}', **files)
    assert reading.configuration.source == ImageSource("debian:12")
    assert reading.project is not None
    assert "service common: privileged: true" in reading.project.requests.sentences
    with pytest.raises(ConfigurationError, match=r"none\.yml does not exist") as raised:
        read('{"dockerComposeFile": "c.yml", "service": "app"}', **{"c.yml": "include: [none.yml]\n"})
    assert raised.value.path.endswith("c.yml")


def test_a_build(read: Callable[..., Reading]) -> None:
    files = {"c.yml": "services:\n  app:\n    build: {context: sub, args: {A: 1}}\n"}
    reading = read('{"dockerComposeFile": "c.yml", "service": "app"}', **files)
    here = reading.address.folder
    assert reading.configuration.source == DockerfileSource(
        f"{here}/sub/Dockerfile", f"{here}/sub", {"A": "1"}
    )
    assert reading.workspace_folder == "/"


@pytest.mark.parametrize(
    ("config", "files", "message"),
    [
        ('{"dockerComposeFile": [], "service": "app"}', {}, "names no file"),
        ('{"dockerComposeFile": "x.yml", "service": "app"}', {}, "x.yml does not exist"),
        ('{"dockerComposeFile": "c.yml", "service": "app"}', {"c.yml": "a: [\n"}, "no YAML"),
        ('{"dockerComposeFile": "c.yml", "service": "app"}', {"c.yml": "- a\n"}, "has no services"),
        ('{"dockerComposeFile": "c.yml", "service": "no"}', {"c.yml": FILES["c.yml"]}, "no service `no`"),
    ],
)
def test_refused(read: Callable[..., Reading], config: str, files: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(config, **files)


@pytest.fixture
def composed(session: Session, engine: FakeEngine, project: Callable[..., str], editor: object) -> str:
    """A folder whose project compose can bring up; returns it."""
    engine.add_image("debian:13")
    session.consent = Consent(trust=True)  # the files name a variable

    def bring_up(command: Command) -> None:
        if "up" not in command.argv:
            return
        with open(command.argv[command.argv.index("up") - 1]) as file:
            labels = json.load(file)["services"]["app"]["labels"]
        engine.add_container(labels={PROJECT_LABEL: "digits"})
        engine.add_container(
            labels={
                **{key: value.replace("$$", "$") for key, value in labels.items()},
                PROJECT_LABEL: "digits",
            }
        )

    engine.runner.answer("docker-compose", effect=bring_up)
    return project(CONFIG, **FILES)


def test_up_stop_and_rm(session: Session, engine: FakeEngine, composed: str) -> None:
    opened = up(session, UpRequest(composed))
    (command,) = (one for one in engine.runner.commands if one.argv[0] == "docker-compose")
    override = f"{state_folder(session.machine, opened.record.id)}/compose.json"
    assert command.argv == (
        "docker-compose", "-p", "digits", "-f", f"{composed}/c.yml", "-f", f"{composed}/more.yml", "-f", override,
        "up", "-d",
    )  # fmt: skip
    assert opened.record.workspace_folder == "/work"
    there = engine.there[opened.record.container]
    (db,) = read_siblings(session, opened.record.id, there)
    stop_workspace(session, "digits")
    assert {one.state for one in engine.there.values()} == {"exited"}
    up(session, UpRequest(composed))
    assert {one.state for one in engine.there.values()} == {"running"}
    remove_workspace(session, "digits")
    assert engine.there == {}
    assert db.id not in engine.there


ID = "0123456789ab"


def bring_up(session: Session, name: str, *files: str) -> None:
    """Note that a project was brought up for the workspace ID."""
    path = f"{state_folder(session.machine, ID)}/project.json"
    write_atomic(path, json.dumps(BroughtUp(name, files)._asdict()))


def test_shutdown_action_none_leaves_the_rest_running(session: Session, engine: FakeEngine) -> None:
    metadata = '[{"shutdownAction": "none"}]'
    one = engine.add_container(labels={PROJECT_LABEL: "p", "devcontainer.metadata": metadata})
    other = engine.add_container(labels={PROJECT_LABEL: "p"})
    bring_up(session, "p")
    stop_siblings(session, ID, one)
    assert engine.there[other.id].running
    take_down(session, ID, one)
    assert list(engine.there) == [one.id]


@pytest.mark.parametrize("noted", ["", "another"])
def test_a_label_that_an_image_carries_says_nothing(session: Session, engine: FakeEngine, noted: str) -> None:
    """Images that compose has built have its labels; their containers are of no project by that."""
    mine = engine.add_container(labels={PROJECT_LABEL: "theirs"})
    theirs = engine.add_container(labels={PROJECT_LABEL: "theirs"})
    if noted:
        bring_up(session, noted)
    assert read_siblings(session, ID, mine) == []
    stop_siblings(session, ID, mine)
    take_down(session, ID, mine)
    assert engine.there[theirs.id].running


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "p"}', '{"name": "p", "files": 3}'])
def test_notes_that_cannot_be_read(session: Session, text: str) -> None:
    write_atomic(f"{state_folder(session.machine, ID)}/project.json", text)
    assert read_brought_up(session.machine, ID) is None


def test_what_its_files_ask_of_the_machine_is_asked_first(
    session: Session, engine: FakeEngine, composed: str
) -> None:
    session.consent = Consent()
    with open(f"{composed}/more.yml", "a") as file:
        file.write("    volumes: ['/:/host', './data:/data']\n    privileged: true\n")
    with pytest.raises(Refused) as caught:
        up(session, UpRequest(composed))
    assert caught.value.detail.splitlines() == [
        "  - reads environment variables of this machine",
        "  - service app: privileged: true",
        "  - gives the compose project /",
    ]
    assert engine.there == {}


def test_compose_that_fails(
    session: Session, engine: FakeEngine, project: Callable[..., str], editor: object
) -> None:
    engine.add_image("debian:13")
    session.consent = Consent(trust=True)
    engine.runner.answer("docker-compose", code=1, stdout="network is wrong")
    with pytest.raises(EngineError, match="could not start the service app") as caught:
        up(session, UpRequest(project(CONFIG, **FILES)))
    assert "network is wrong" in caught.value.detail
