"""Which workspace is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NotFound
from cove.workspace.address import Desk, find_desk, find_record, read_address
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from pathlib import Path

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")


@pytest.mark.parametrize(
    ("files", "config", "expected"),
    [
        (
            [".devcontainer/devcontainer.json", ".devcontainer.json", "Dockerfile"],
            "",
            ".devcontainer/devcontainer.json",
        ),
        ([".devcontainer.json", "Dockerfile"], "", ".devcontainer.json"),
        ([".devcontainer/gpu/devcontainer.json", "Dockerfile"], "", ".devcontainer/gpu/devcontainer.json"),
        (
            [".devcontainer/gpu/devcontainer.json", ".devcontainer/cpu/devcontainer.json"],
            "cpu",
            ".devcontainer/cpu/devcontainer.json",
        ),
        (["other.json", "Dockerfile"], "other.json", "other.json"),
    ],
)
def test_configuration_files(tmp_path: Path, files: list[str], config: str, expected: str) -> None:
    write(tmp_path, *files)
    assert read_address(str(tmp_path), config=config).config_path == f"{tmp_path}/{expected}"


@pytest.mark.parametrize(
    ("files", "expected"),
    [(["Dockerfile", "Containerfile"], "Dockerfile"), (["Containerfile"], "Containerfile")],
)
def test_bare_dockerfiles(tmp_path: Path, files: list[str], expected: str) -> None:
    write(tmp_path, *files)
    address = read_address(".", cwd=str(tmp_path))
    assert (address.config_path, address.dockerfile) == ("", f"{tmp_path}/{expected}")


@pytest.mark.parametrize(
    ("files", "folder", "config", "message"),
    [
        ([], "nowhere", "", "the folder {0}/nowhere does not exist"),
        (["a.txt"], "a.txt", "", "the folder {0}/a.txt is a file, not a folder"),
        (
            ["train.py"],
            ".",
            "",
            "{0} has no devcontainer.json, no Dockerfile, and no file that names packages",
        ),
        (
            [".devcontainer/a/devcontainer.json", ".devcontainer/b/devcontainer.json"],
            ".",
            "",
            "{0}/.devcontainer holds several configurations: a, b",
        ),
        (["Dockerfile"], ".", "gpu", "there is no configuration `gpu` in {0}"),
    ],
)
def test_refused(tmp_path: Path, files: list[str], folder: str, config: str, message: str) -> None:
    write(tmp_path, *files)
    with pytest.raises(ConfigurationError) as caught:
        read_address(folder, config=config, cwd=str(tmp_path))
    assert caught.value.message == message.format(tmp_path)


def test_ids_are_stable_and_of_the_configuration(tmp_path: Path) -> None:
    write(tmp_path, ".devcontainer/a/devcontainer.json", ".devcontainer/b/devcontainer.json")
    first = read_address(str(tmp_path), config="a")
    assert first == read_address(f"{tmp_path}/../{tmp_path.name}", config="a")
    assert first.id != read_address(str(tmp_path), config="b").id


@pytest.mark.parametrize(
    ("cwd", "word", "expected"),
    [
        ("", "digits", "digits"),
        ("", "./digits", "digits"),
        ("digits", ".", "digits"),
        ("digits/src", None, "digits"),
        ("digits/inner/src", None, "inner"),
        ("digits-too", None, None),
        ("", None, None),
        ("", "other", None),
        ("", "./other", None),
    ],
)
def test_the_record_that_a_word_or_the_current_folder_means(
    session: Session, record: Record, cwd: str, word: str | None, expected: str | None
) -> None:
    write_record(session.machine, record)
    inner = record._replace(id="ffffffffffff", name="inner", folder=f"{record.folder}/inner")
    write_record(session.machine, inner)
    session.machine = session.machine._replace(cwd=f"{session.machine.cwd}/{cwd}")
    found = find_record(session, word)
    assert (found.name if found else None) == expected


def test_the_engine_decides(session: Session, engine: FakeEngine, there: ContainerInfo) -> None:
    assert find_desk(session, "digits").container == there
    anew = engine.add_container(labels=there.labels)
    engine.remove(there.id)
    assert find_desk(session, "digits").container == anew  # the record is out of date
    engine.remove(anew.id)
    with pytest.raises(NotFound) as caught:
        find_desk(session, "digits")
    assert caught.value.hint == "There are: digits."


@pytest.mark.parametrize("word", ["digits", "./digits", None])
def test_containers_without_a_record(
    session: Session, engine: FakeEngine, labels: dict[str, str], word: str | None
) -> None:
    session.machine = session.machine._replace(cwd=f"{session.machine.cwd}/{'' if word else 'digits'}")
    with pytest.raises(NotFound, match="no workspace"):
        find_desk(session, word)
    engine.add_container(labels={**labels, "cove.run": "x"})  # another `cove run` at work
    with pytest.raises(NotFound):
        find_desk(session, word)
    made = engine.add_container(labels=labels)
    engine.add_container(labels={**labels, "cove.run": "x"})
    assert find_desk(session, word) == Desk(made, None)


def test_a_name_is_its_owners(session: Session, engine: FakeEngine, labels: dict[str, str]) -> None:
    engine.add_container(labels={**labels, "cove.owner": "1001"})
    session.machine = session.machine._replace(cwd="/elsewhere")
    with pytest.raises(NotFound):
        find_desk(session, "digits")


@pytest.mark.parametrize(
    ("changes", "id_is_there", "name"),
    [
        ({}, True, "digits"),
        ({"cove.id": "../../../home"}, False, "digits"),
        ({"cove.id": "ffffffffffff"}, False, "digits"),
        (
            {"cove.id": "", "cove.name": "", "devcontainer.local_folder": "/home/ada/My Work"},
            False,
            "my-work",
        ),
    ],
)
def test_labels_that_an_image_could_carry(
    engine: FakeEngine, labels: dict[str, str], changes: dict[str, str], id_is_there: bool, name: str
) -> None:
    desk = Desk(engine.add_container(labels={**labels, **changes}), None)
    assert (desk.id, desk.name) == (labels["cove.id"] if id_is_there else "", name)


def test_a_container_of_another_tool_goes_by_the_name_that_is_shown(
    session: Session, engine: FakeEngine
) -> None:
    theirs = engine.add_container(labels={"devcontainer.local_folder": "/src/My Nets"})
    assert find_desk(session, Desk(theirs, None).name).container.id == theirs.id
    with pytest.raises(NotFound):
        find_desk(session, "nets")
