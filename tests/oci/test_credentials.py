from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from cove.host.machine import Directories, Machine, Owner
from cove.host.proc import CommandTimeout
from cove.oci.auth import Login
from cove.oci.credentials import TOKEN_LOGIN, parse_server, read_login
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from pathlib import Path


def auth(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folders = Directories(*(f"{tmp_path}/{name}" for name in Directories._fields))
    env = {
        "DOCKER_CONFIG": f"{tmp_path}/docker",
        "REGISTRY_AUTH_FILE": f"{tmp_path}/auth.json",
        "PATH": "/bin",
    }
    (tmp_path / "docker").mkdir()
    return Machine("Linux", "amd64", Owner(1, 1), False, f"{tmp_path}", env, folders, f"{tmp_path}")


def write(machine: Machine, name: str, document: object) -> None:
    with open(f"{machine.home}/{name}", "w", encoding="utf-8") as file:
        json.dump(document, file)


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("ghcr.io", Login("ada", "s:ecret")),
        ("docker.io", Login("hub", "h")),
        ("azure.example", Login(TOKEN_LOGIN, "refresh")),
        ("other.example", None),
        ("broken.example", None),
        ("evil-ghcr.io", None),
    ],
)
def test_what_docker_login_keeps(machine: Machine, registry: str, expected: Login | None) -> None:
    auths = {
        "ghcr.io": auth("ada:s:ecret"),
        "https://index.docker.io/v1/": auth("hub:h"),
        "azure.example": {**auth("x:"), "identitytoken": "refresh"},
        "broken.example": {"auth": "%%%"},
        "odd": 3,
    }
    write(machine, "docker/config.json", {"auths": auths})
    assert read_login(registry, machine, FakeRunner()) == expected


def test_what_podman_login_keeps(machine: Machine) -> None:
    write(machine, "auth.json", {"auths": {"quay.io": auth("ada:secret")}})
    assert read_login("quay.io", machine, FakeRunner()) == Login("ada", "secret")


def test_helpers(machine: Machine) -> None:
    write(machine, "docker/config.json", {"credHelpers": {"ecr.example": "ecr"}, "credsStore": "pass"})
    runner = FakeRunner()
    runner.answer("docker-credential-ecr get", stdout='{"Username": "AWS", "Secret": "s"}')
    runner.answer("docker-credential-pass get", stdout='{"Username": "<token>", "Secret": "t"}')
    assert read_login("ecr.example", machine, runner) == Login("AWS", "s")
    assert read_login("docker.io", machine, runner) == Login(TOKEN_LOGIN, "t")
    assert [command.stdin for command in runner.commands] == [b"ecr.example", b"https://index.docker.io/v1/"]
    assert all(word != "s" for command in runner.commands for word in command.argv)


def test_helpers_that_are_not_there_or_have_nothing(machine: Machine) -> None:
    write(machine, "docker/config.json", {"credsStore": "gone", "auths": {"ghcr.io": auth("ada:x")}})
    assert read_login("ghcr.io", machine, FakeRunner()) == Login("ada", "x")
    for answer in ({"code": 1}, {"stdout": "nonsense"}, {"stdout": "{}"}, {"error": CommandTimeout("slow")}):
        runner = FakeRunner().answer("docker-credential-gone get", **answer)  # type: ignore[arg-type]
        assert read_login("other.example", machine, runner) is None


def test_githubs_own_token_is_for_its_registry_alone(machine: Machine) -> None:
    machine = machine._replace(env={**machine.env, "GITHUB_TOKEN": "g"})
    assert read_login("ghcr.io", machine, FakeRunner()) == Login("USERNAME", "g")
    assert read_login("ghcr.io.example", machine, FakeRunner()) is None


def test_the_references_variable(machine: Machine) -> None:
    text = "ghcr.io|ada|x|y,localhost:5000|bob|,nonsense,|"
    machine = machine._replace(env={**machine.env, "DEVCONTAINERS_OCI_AUTH": text, "GITHUB_TOKEN": "g"})
    write(machine, "docker/config.json", {"auths": {"ghcr.io": auth("eve:z")}})
    assert read_login("ghcr.io", machine, FakeRunner()) == Login("ada", "x|y")
    assert read_login("localhost:5000", machine, FakeRunner()) == Login("bob", "")
    assert read_login("nonsense", machine, FakeRunner()) is None


def test_files_that_are_none(machine: Machine) -> None:
    for text in ("{", "[]"):
        with open(f"{machine.home}/docker/config.json", "w", encoding="utf-8") as file:
            file.write(text)
        assert read_login("ghcr.io", machine, FakeRunner()) is None


def test_servers() -> None:
    assert parse_server("https://ghcr.io/v2/") == {"ghcr.io"}
    assert "docker.io" in parse_server("index.docker.io")
