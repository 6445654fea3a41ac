"""A workspace at rest, and a container gone."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import NotFound
from cove.ide.profile import prepare_data, workspace_data
from cove.places.base import Endpoint
from cove.places.endpoints import read_endpoint, write_endpoint
from cove.places.local import make_socket_folder
from cove.workspace.records import read_record, state_folder
from cove.workspace.stop import remove_workspace, stop_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


@pytest.fixture
def used(session: Session, there: ContainerInfo, record: Record) -> ContainerInfo:
    """The workspace after some work: it can be reached, has a log, and its person chose a theme."""
    machine = session.machine
    write_endpoint(machine, Endpoint(record.id, "socket", "docker", there.id))
    make_socket_folder(machine, record.id)
    with open(f"{state_folder(machine, record.id)}/progress.jsonl", "w") as file:
        file.write("")
    data = workspace_data(machine, record.id)
    prepare_data(f"{machine.directories.config}/profile", data, machine_settings={}, isolated=False)
    with open(f"{data}/user/User/settings.json", "w") as file:
        json.dump({"workbench.colorTheme": "Dark"}, file)
    return there


def theme(session: Session) -> object:
    try:
        with open(f"{session.machine.directories.config}/profile/settings.json") as file:
            return json.load(file).get("workbench.colorTheme")
    except FileNotFoundError:
        return None


def test_stop_keeps_the_record_and_brings_settings_home(
    session: Session, engine: FakeEngine, used: ContainerInfo, record: Record
) -> None:
    assert stop_workspace(session, "digits")[:4] == (record.id, "digits", used.id, "docker")
    assert engine.calls == [f"stop {used.id}"]
    assert theme(session) == "Dark"
    assert read_endpoint(session.machine, record.id) is None
    assert read_record(session.machine, record.id) == record


def test_rm_forgets_all_but_the_editors_data(
    session: Session, engine: FakeEngine, used: ContainerInfo, record: Record
) -> None:
    assert remove_workspace(session, "digits").id == record.id
    assert engine.calls == [f"remove {used.id}"]
    assert theme(session) == "Dark"
    assert read_record(session.machine, record.id) is None
    assert os.listdir(state_folder(session.machine, record.id)) == []
    assert os.listdir(session.machine.directories.run) == []
    assert os.path.exists(workspace_data(session.machine, record.id))
    with pytest.raises(NotFound):
        remove_workspace(session, "digits")


def test_rm_with_its_data(session: Session, used: ContainerInfo, record: Record) -> None:
    remove_workspace(session, "digits", data=True)
    assert not os.path.exists(workspace_data(session.machine, record.id))
    assert not os.path.exists(state_folder(session.machine, record.id))
    assert os.path.exists(record.folder)


def test_an_isolated_one_gives_nothing_home(
    session: Session, engine: FakeEngine, used: ContainerInfo
) -> None:
    engine.there[used.id] = used._replace(labels={**used.labels, "cove.isolated": "true"})
    remove_workspace(session, "digits")
    assert theme(session) is None


def test_a_label_of_an_image_removes_no_files(session: Session, engine: FakeEngine, tmp_path: Path) -> None:
    """A repository's image can carry labels, and other tools start it with these."""
    folders = session.machine.directories._replace(run=f"{tmp_path}/run", data=f"{tmp_path}/data")
    session.machine = session.machine._replace(directories=folders)
    precious = [f"{tmp_path}/precious", f"{tmp_path}/data/precious", f"{tmp_path}/.cove/precious"]
    for folder in precious:
        os.makedirs(folder)
    labels = {"devcontainer.local_folder": "/a/digits", "cove.id": "../precious"}
    engine.add_container(labels=labels)
    assert remove_workspace(session, "/a/digits", data=True).id == ""
    assert [folder for folder in precious if not os.path.isdir(folder)] == []
