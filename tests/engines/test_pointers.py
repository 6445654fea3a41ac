from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from cove.engines.pointers import read_pointer
from cove.host.machine import Directories, Machine, Owner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def machine(home: Path, env: Mapping[str, str]) -> Machine:
    return Machine(
        "Linux", "amd64", Owner(1, 1), False, str(home), env, Directories("", "", "", "", ""), str(home)
    )


def write_context(home: Path, name: str, host: str, *, in_use: bool) -> None:
    folder = home / ".docker" / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    (home / ".docker" / "config.json").write_text(json.dumps({"currentContext": name} if in_use else {}))


@pytest.mark.parametrize(
    ("name", "env", "word"),
    [
        ("docker", {"DOCKER_HOST": "ssh://me@box:2222"}, "docker+ssh://me@box:2222"),
        ("docker", {"DOCKER_HOST": "unix:///s"}, ""),
        ("docker", {}, ""),
        ("podman", {"DOCKER_HOST": "ssh://box"}, ""),
        (
            "podman",
            {"CONTAINER_HOST": "ssh://root@box:22/run/podman/podman.sock"},
            "podman+ssh://root@box:22",
        ),
    ],
)
def test_variables_point(tmp_path: Path, name: str, env: dict[str, str], word: str) -> None:
    assert read_pointer(name, machine(tmp_path, env)) == word


def test_the_context_in_use_points(tmp_path: Path) -> None:
    write_context(tmp_path, "gpu", "ssh://gpu-box", in_use=True)
    assert read_pointer("docker", machine(tmp_path, {})) == "docker+ssh://gpu-box"
    assert read_pointer("docker", machine(tmp_path, {"DOCKER_CONTEXT": "default"})) == ""
    assert read_pointer("docker", machine(tmp_path, {"DOCKER_HOST": "unix:///s"})) == ""


def test_a_named_context_points(tmp_path: Path) -> None:
    write_context(tmp_path, "gpu", "ssh://gpu-box", in_use=False)
    assert read_pointer("docker", machine(tmp_path, {})) == ""
    assert read_pointer("docker", machine(tmp_path, {"DOCKER_CONTEXT": "gpu"})) == "docker+ssh://gpu-box"


@pytest.mark.parametrize("newer", [True, False])
def test_a_connection_of_podmans_points(tmp_path: Path, newer: bool) -> None:
    folder = tmp_path / ".config" / "containers"
    folder.mkdir(parents=True)
    uri = "ssh://root@box:22/run/podman/podman.sock"
    if newer:
        text = json.dumps({"Connection": {"Connections": {"gpu": {"URI": uri}}}})
        (folder / "podman-connections.json").write_text(text)
    else:
        (folder / "containers.conf").write_text(f'[engine.service_destinations.gpu]\nuri = "{uri}"\n')
    env = {"CONTAINER_CONNECTION": "gpu"}
    assert read_pointer("podman", machine(tmp_path, env)) == "podman+ssh://root@box:22"
