from __future__ import annotations

import json
import os

import pytest

from cove.engines.choose import (
    NoEngine,
    find_programs,
    is_remote,
    overlay_flags,
    read_engine,
    read_engines,
    which,
)
from cove.errors import EngineError, UsageError
from cove.host import kernel
from cove.host.kernel import Kernel
from cove.host.proc import CommandTimeout
from cove.testing import FakeRunner

DOCKER = {
    "ServerVersion": "28.2.2",
    "Architecture": "x86_64",
    "Name": "vm",
    "ClientInfo": {"Version": "28.2.2"},
}
PODMAN = {
    "host": {"arch": "amd64", "security": {"rootless": True}, "ociRuntime": {"name": "crun"}},
    "version": {"Version": "5.4.2"},
}
AWAY = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


@pytest.fixture(autouse=True)
def fine_kernel(monkeypatch) -> None:
    monkeypatch.setattr(kernel, "read_kernel", Kernel)


@pytest.fixture
def install(tmp_path):
    def install(*names: str) -> None:
        for name in names:
            (tmp_path / "bin" / name).touch(mode=0o755)

    return install


def runner(*, docker: object = DOCKER, podman: object = PODMAN) -> FakeRunner:
    fake = FakeRunner()
    for name, said in (("docker", docker), ("podman", podman)):
        if isinstance(said, str):
            fake.answer(f"{name} info", stderr=said, code=1)
        elif isinstance(said, Exception):
            fake.answer(f"{name} info", error=said)
        else:
            fake.answer(f"{name} info", stdout=json.dumps(said))
    return fake


def test_docker_first_if_it_answers(machine, install, tmp_path) -> None:
    install("docker", "podman")
    engine = read_engine(None, runner(), machine)
    assert (engine.name, engine.dialect.program) == ("docker", f"{tmp_path}/bin/docker")
    assert engine.info().version == "28.2.2"
    assert engine.certificate_way == "copy"


def test_else_podman(machine, install) -> None:
    install("docker", "podman")
    engine = read_engine(None, runner(docker=AWAY), machine)
    assert engine.name == "podman"
    assert engine.info().rootless


def test_a_later_call_asks_nothing(machine, install) -> None:
    install("docker", "podman")
    first = read_engine(None, runner(docker=AWAY), machine)
    silent = FakeRunner()
    again = read_engine(None, silent, machine)
    assert silent.commands == []
    assert (again.dialect, again.info()) == (first.dialect, first.info())


def test_an_engine_that_is_gone_is_asked_for_anew(machine, install) -> None:
    install("docker", "podman")
    read_engine(None, runner(), machine)
    fake = runner(docker=AWAY).answer("docker ps", stderr=AWAY, code=1)
    with pytest.raises(EngineError, match="docker does not answer"):
        read_engine(None, fake, machine).containers({"cove.name": ""})
    assert read_engine(None, fake, machine).name == "podman"


def test_the_one_asked_for_and_no_other(machine, install, tmp_path) -> None:
    install("docker", "podman")
    assert read_engine("podman", runner(), machine).name == "podman"
    assert read_engine(f"{tmp_path}/bin/podman", runner(), machine).name == "podman"
    with pytest.raises(EngineError, match="docker does not answer: Cannot connect") as caught:
        read_engine("docker", runner(docker=AWAY), machine)
    assert "systemctl start docker" in caught.value.hint


@pytest.mark.parametrize("variable", ["DOCKER_HOST", "DOCKER_CONTEXT"])
def test_where_the_environment_points_to_docker_it_is_docker_or_nothing(
    machine, install, variable: str
) -> None:
    install("docker", "podman")
    machine = machine._replace(env={**machine.env, variable: "unix:///s"})
    with pytest.raises(EngineError, match="docker does not answer"):
        read_engine(None, runner(docker=AWAY), machine)


def test_a_variable_for_docker_does_not_forbid_podman_where_there_is_no_docker(
    machine, install, tmp_path
) -> None:
    install("podman")
    machine = machine._replace(env={**machine.env, "DOCKER_HOST": "unix:///s"})
    assert find_programs(None, machine) == [f"{tmp_path}/bin/podman"]


def test_all_silent_names_each_and_why(machine, install) -> None:
    install("docker", "podman")
    with pytest.raises(EngineError) as caught:
        read_engine(None, runner(docker=AWAY, podman=CommandTimeout("slow")), machine)
    assert "docker does not answer: Cannot connect" in caught.value.message
    assert "podman does not answer: no answer within 15 s" in caught.value.message
    assert len(caught.value.hint.splitlines()) == 2


def test_what_this_host_lacks_for_an_engine_is_said(machine, install, monkeypatch) -> None:
    install("podman")
    monkeypatch.setattr(kernel, "read_kernel", lambda: Kernel(cgroups="hybrid"))
    monkeypatch.setattr("cove.engines.quirks.PROGRAMS", {})
    with pytest.raises(EngineError, match="podman cannot run containers on this host without runc") as caught:
        read_engine(None, runner(), machine)
    assert caught.value.hint == "Install the package runc."


def test_none_installed(machine) -> None:
    with pytest.raises(NoEngine, match="neither docker nor podman"):
        read_engine(None, FakeRunner(), machine)
    with pytest.raises(NoEngine, match="podman is not installed"):
        read_engine("podman", FakeRunner(), machine)
    with pytest.raises(UsageError, match="unknown engine `lxc`"):
        read_engine("lxc", FakeRunner(), machine)


@pytest.fixture
def no_daemon(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("cove.engines.choose.DAEMON_FOLDERS", ())
    lexists = os.path.lexists
    monkeypatch.setattr(os.path, "lexists", lambda path: path != "/var/run/docker.sock" and lexists(path))


@pytest.mark.usefixtures("no_daemon")
def test_dockers_command_line_without_a_daemon_is_no_engine(machine, install) -> None:
    install("docker")
    with pytest.raises(NoEngine, match="only its command line"):
        read_engine(None, runner(docker=AWAY), machine)
    with pytest.raises(EngineError, match="docker does not answer") as caught:
        read_engine("docker", runner(docker=AWAY), machine)
    assert not isinstance(caught.value, NoEngine)


@pytest.mark.usefixtures("no_daemon")
@pytest.mark.parametrize("what", ["daemon", "elsewhere", "macos"])
def test_a_daemon_that_is_at_rest_or_elsewhere_is_no_reason_to_install_another(
    machine, install, what: str
) -> None:
    install("docker", *["dockerd"] * (what == "daemon"))
    machine = machine._replace(system="Darwin" if what == "macos" else "Linux")
    said = AWAY.replace("unix:///var/run/docker.sock", "tcp://gpu:2376") if what == "elsewhere" else AWAY
    with pytest.raises(EngineError, match="docker does not answer") as caught:
        read_engine(None, runner(docker=said), machine)
    assert not isinstance(caught.value, NoEngine)


def test_podman_called_docker_is_podman(machine, install, tmp_path) -> None:
    install("docker")
    engine = read_engine(None, runner(docker=PODMAN), machine)
    assert (engine.name, engine.dialect.program) == ("podman", f"{tmp_path}/bin/docker")


def test_all_engines_that_answer(machine, install) -> None:
    install("docker", "podman")
    assert [engine.name for engine in read_engines(runner(), machine)] == ["docker", "podman"]
    silent = FakeRunner()
    assert [engine.name for engine in read_engines(silent, machine)] == ["docker", "podman"]
    assert silent.commands == []


def test_a_silent_engine_is_asked_again_each_time(machine, install) -> None:
    install("docker", "podman")
    assert [engine.name for engine in read_engines(runner(docker=AWAY), machine)] == ["podman"]
    assert [engine.name for engine in read_engines(runner(), machine)] == ["docker", "podman"]
    assert read_engines(runner(), machine._replace(env={"PATH": ""})) == []


@pytest.mark.parametrize(
    ("endpoint", "theirs", "remote"),
    [
        ("", "vm", False), ("unix:///s", "other", False), ("ssh://u@h", "vm", True), ("tcp://10.0.0.1:2375", "vm", True),
        ("tcp://127.0.0.1:2375", "vm", False), ("tcp://localhost:2375", "dind", True),
    ],
)  # fmt: skip
def test_remote(endpoint: str, theirs: str, *, remote: bool) -> None:
    assert is_remote(endpoint, theirs, "vm") is remote


def test_the_context_is_asked_for_where_there_may_be_one(machine, install) -> None:
    install("docker")
    os.makedirs(f"{machine.home}/.docker")
    with open(f"{machine.home}/.docker/config.json", "w") as file:
        file.write("{}")
    fake = runner().answer("docker context inspect", stdout="ssh://me@far\n")
    assert read_engine(None, fake, machine).info().remote
    assert not read_engine("docker", runner().answer("docker context", code=1), machine).info().remote


OVERLAY = ("--storage-driver", "overlay")


@pytest.fixture
def bare(machine, monkeypatch):
    """A machine on which nobody configured podman's storage."""
    exists = os.path.exists
    monkeypatch.setattr(
        os.path, "exists", lambda path: not str(path).endswith("/containers/storage.conf") and exists(path)
    )
    return machine


def test_a_new_rootless_storage_is_made_with_overlay(bare, install) -> None:
    install("podman")
    fake = runner()
    engine = read_engine("podman", fake, bare)
    assert fake.argvs[0][1:3] == OVERLAY
    assert engine.dialect.global_flags == OVERLAY
    assert any("overlay driver" in sentence for sentence in engine.info().quirks)


def test_where_overlay_does_not_work_podman_chooses(bare, install) -> None:
    install("podman")
    fake = runner().answer(
        "podman --storage-driver overlay info", stderr="Error: kernel does not support it", code=125
    )
    engine = read_engine("podman", fake, bare)
    assert engine.dialect.global_flags == ()
    assert len(fake.commands) == 2


def test_a_storage_that_is_settled_stays(bare) -> None:
    assert overlay_flags("podman", bare) == OVERLAY
    assert overlay_flags("docker", bare) == overlay_flags("podman", bare._replace(is_root=True)) == ()
    assert overlay_flags("podman", bare._replace(env={"CONTAINERS_STORAGE_CONF": "/x"})) == ()
    os.makedirs(f"{bare.home}/.local/share/containers/storage/vfs-images")
    assert overlay_flags("podman", bare) == ()


def test_programs_are_files_that_may_run(machine, tmp_path) -> None:
    (tmp_path / "bin" / "docker").mkdir()
    (tmp_path / "bin" / "podman").touch(mode=0o644)
    assert which("docker", machine) is None
    assert which("podman", machine) is None
