"""The context of a verb."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.settings.settings import Settings
from cove.workspace.session import Session, read_settings

if TYPE_CHECKING:
    from cove.host.machine import Machine
    from cove.testing import FakeRunner


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The engines that were looked for."""
    names: list[str | None] = []

    def read_engine(name: str | None, *_: object) -> int:
        names.append(name)
        return len(names)

    monkeypatch.setattr("cove.engines.choose.read_engine", read_engine)
    return names


def test_the_engine_is_looked_for_when_it_is_needed_and_once(
    machine: Machine, runner: FakeRunner, asked: list[str | None]
) -> None:
    session = Session(machine, runner)
    assert asked == []
    assert session.engine is session.engine
    assert asked == [None]
    session.forget_engine()
    assert session.engine == 2


@pytest.mark.parametrize(("said", "expected"), [("", "podman"), ("docker", "docker")])
def test_a_record_names_the_engine_unless_the_person_does(
    machine: Machine, runner: FakeRunner, asked: list[str | None], said: str, expected: str
) -> None:
    session = Session(machine, runner, settings=Settings(engine=said))
    session.use_engine("podman")
    assert session.engine == 1
    assert asked == [expected]


@pytest.mark.parametrize(
    ("text", "env", "expected"),
    [
        (None, {}, Settings()),
        ('engine = "podman"\nisolated = true', {}, Settings(engine="podman", isolated=True)),
        ('engine = "podman"', {"COVE_ENGINE": "docker"}, Settings(engine="docker")),
    ],
)
def test_settings_of_file_and_environment(
    machine: Machine, text: str | None, env: dict[str, str], expected: Settings
) -> None:
    write(machine, text)
    assert read_settings(machine._replace(env=env)) == expected


@pytest.mark.parametrize("text", ["engine = ", 'engines = "docker"', "\xff"])
def test_a_wrong_file_is_named(machine: Machine, text: str) -> None:
    write(machine, text)
    with pytest.raises(ConfigurationError, match=r"settings\.toml"):
        read_settings(machine)


def write(machine: Machine, text: str | None) -> None:
    if text is not None:
        os.makedirs(machine.directories.config)
        with open(f"{machine.directories.config}/settings.toml", "w", encoding="latin-1") as file:
            file.write(text)


def test_what_the_host_trusts_comes_from_it_and_the_settings(
    machine: Machine, runner: FakeRunner, tmp_path: object
) -> None:
    machine = machine._replace(env={"HTTPS_PROXY": "http://proxy:3128"})
    session = Session(machine, runner, settings=Settings(certificates=(f"{tmp_path}/missing.pem",)))
    assert session.proxies["https_proxy"] == "http://proxy:3128"
    with pytest.raises(ConfigurationError, match=r"missing\.pem"):
        session.certificates  # noqa: B018 - read when asked for
