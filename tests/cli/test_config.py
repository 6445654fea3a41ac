"""`cove config`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from cove.host.machine import Machine


@pytest.fixture
def written(machine: Machine) -> str:
    """A settings file; its path."""
    os.makedirs(machine.directories.config)
    path = f"{machine.directories.config}/settings.toml"
    with open(path, "w") as file:
        file.write('way = "exec"\nide_source = "https://ada:s3cret@mirror/ide.tar.gz"\n')
    return path


def test_every_setting_has_a_line(
    written: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COVE_ISOLATED", "1")
    assert main(["config", "--engine", "podman"]) == 0
    told = capsys.readouterr().out
    lines = [line.split() for line in told.splitlines()]
    assert ["SETTING", "VALUE", "FROM"] in lines
    assert ["engine", "podman", "--engine"] in lines
    assert ["way", "exec", f"{written}:1"] in lines
    assert ["isolated", "true", "COVE_ISOLATED"] in lines
    assert ["certificates", "-", "default"] in lines
    assert ["ide_source", "https://***@mirror/ide.tar.gz", f"{written}:2"] in lines
    assert "s3cret" not in told
    assert lines[-1] == [written]


def test_json(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == written
    assert told["settings"]["way"] == {"value": "exec", "source": f"{written}:1"}
    assert "s3cret" not in str(told)


def test_path(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path"]) == 0
    assert capsys.readouterr().out == f"{machine.directories.config}/settings.toml\n"
    assert main(["config"]) == 0
    assert capsys.readouterr().out.endswith("settings.toml (not there yet)\n")


@pytest.mark.parametrize(
    ("words", "known"), [([], "engine"), (["settings"], "engine"), (["devcontainer"], "customizations")]
)
def test_schemas(machine: Machine, capsys: pytest.CaptureFixture[str], words: list[str], known: str) -> None:
    assert main(["config", "schema", *words]) == 0
    assert known in json.loads(capsys.readouterr().out)["properties"]


def test_words_that_do_not_fit(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "devcontainer"]) == 2
    assert "belongs to `cove config schema`" in capsys.readouterr().err
