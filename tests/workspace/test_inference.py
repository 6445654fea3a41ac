"""From a folder to what is inferred from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.spec.config import DockerfileSource
from cove.workspace.address import read_address
from cove.workspace.inference import LARGEST_BYTES, has_definitions, read_inferred
from cove.workspace.inputs import read_changes, read_inputs
from cove.workspace.read import read_workspace

if TYPE_CHECKING:
    from cove.host.machine import Machine

NOTEBOOK = '{"cells": [{"cell_type": "code", "source": "import yaml, model, helper"}]}'


def write(folder: Path, **texts: str) -> str:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("requirements_dot_txt", True),
        ("notebooks__a_dot_ipynb", True),
        ("train_dot_py", False),
        ("_dot_git__a_dot_ipynb", False),
    ],
)
def test_what_is_enough(tmp_path: Path, name: str, *, there: bool) -> None:
    assert has_definitions(write(tmp_path, **{name: ""})) is there


def test_a_folder_that_cannot_be_listed_has_none(tmp_path: Path) -> None:
    assert not has_definitions(f"{tmp_path}/nowhere")


def test_the_repositorys_own_modules_are_no_packages(tmp_path: Path) -> None:
    folder = write(tmp_path, a_dot_ipynb=NOTEBOOK, model_dot_py="", src__helper__x_dot_py="")
    assert read_inferred(folder).packages == ("pyyaml",)
    assert "does not know" not in read_inferred(folder).reasons[1]


def test_what_a_list_includes_is_read_whatever_its_name(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "here",
        requirements_dot_txt="-r lists/more.txt\n-r ../outside.txt\n-r gone.txt\n-r requirements.txt",
        lists__more_dot_txt="-c limits.in",
        lists__limits_dot_in="",
    )
    (tmp_path / "outside.txt").touch()
    assert read_inferred(folder).files == ("requirements.txt", "lists/more.txt", "lists/limits.in")


def test_a_file_that_is_too_large_or_unreadable_says_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path, a_dot_ipynb=NOTEBOOK + " " * LARGEST_BYTES)
    (tmp_path / "requirements.txt").mkdir()
    with pytest.raises(ConfigurationError, match="no file that names packages"):
        read_inferred(folder)


def test_a_workspace_without_configuration(machine: Machine, tmp_path: Path) -> None:
    folder = write(tmp_path / "digits", requirements_dot_txt="torch", train_dot_py="")
    address = read_address(folder)
    assert (address.config_path, address.dockerfile) == ("", "")
    reading = read_workspace(machine, address)
    assert reading.inferred is not None
    assert reading.inferred.origin == "requirements.txt"
    source = reading.configuration.source
    assert isinstance(source, DockerfileSource)
    assert source.context == folder
    assert Path(source.dockerfile).is_relative_to(machine.directories.state)
    assert "requirements.txt" in Path(source.dockerfile).read_text()
    assert reading.configuration.path == ""
    assert reading.configuration.layer.host_requirements == {"gpu": "optional"}
    assert {path.name for path in Path(folder).iterdir()} == {"requirements.txt", "train.py"}


def test_a_container_fits_until_a_definition_changes_comes_or_goes(machine: Machine, tmp_path: Path) -> None:
    import json

    folder = write(tmp_path / "digits", requirements_dot_txt="six", train_dot_py="")
    label = json.dumps(read_inputs(read_workspace(machine, read_address(folder)).written))
    write(Path(folder), train_dot_py="changed")
    assert read_changes(label) == ()
    write(Path(folder), requirements_dot_txt="seven")
    assert read_changes(label) == (f"{folder}/requirements.txt",)
    write(Path(folder), requirements_dot_txt="six", environment_dot_yml="")
    assert read_changes(label) == (f"{folder}/environment.yml",)
