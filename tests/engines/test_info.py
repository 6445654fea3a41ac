from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.engines.info import (
    Event,
    parse_container,
    parse_docker_ports,
    parse_docker_ps,
    parse_docker_time,
    parse_env,
    parse_event,
    parse_image,
    parse_info,
    parse_json,
    parse_podman_ps,
    parse_seconds,
    parse_time,
    parse_version,
)
from cove.errors import EngineError

DOCKER_20 = {
    "ServerVersion": "20.10.24+dfsg1",
    "Architecture": "x86_64",
    "Driver": "overlay2",
    "Name": "vm",
    "MemTotal": 8 * 2**30,
    "SecurityOptions": ["name=seccomp,profile=default"],
    "ClientInfo": {"Debug": False, "Context": "default", "Plugins": [], "Warnings": None},
}
BUILDX = {"Name": "buildx", "Version": "v0.24", "Path": "/p"}
PODMAN_4 = {
    "host": {
        "arch": "amd64",
        "cgroupManager": "systemd",
        "eventLogger": "journald",
        "logDriver": "journald",
        "hostname": "vm",
        "memTotal": 4 * 2**30,
        "ociRuntime": {"name": "crun"},
        "serviceIsRemote": False,
        "security": {"rootless": True, "selinuxEnabled": True},
    },
    "store": {"graphDriverName": "vfs"},
    "version": {"Version": "4.3.1"},
}


def test_docker_20_has_buildkit_built_in() -> None:
    facts = parse_info(DOCKER_20)
    assert (facts.name, facts.version, facts.arch, facts.hostname, facts.storage) == (
        "docker", "20.10.24+dfsg1", "amd64", "vm", "overlay2",
    )  # fmt: skip
    assert facts.buildkit
    assert facts.memory == 8 * 2**30
    assert parse_info(PODMAN_4).memory == 4 * 2**30
    assert not (facts.rootless)
    assert not (facts.selinux)
    assert not (facts.problem)


@pytest.mark.parametrize(
    ("client", "buildkit"),
    [
        ({"Version": "28.2.2", "Plugins": []}, False),
        ({"Version": "28.2.2", "Plugins": None}, False),
        ({"Version": "28.2.2", "Plugins": [BUILDX]}, True),
        ({"Version": "28.2.2", "Plugins": [{**BUILDX, "Err": "broken"}]}, False),
        ({"Version": "23.0.1", "Plugins": [{"Name": "compose"}]}, False),
        ({"Version": "20.10.7"}, True),
    ],
)
def test_since_23_buildkit_is_a_plugin(client: dict, *, buildkit: bool) -> None:
    assert parse_info({**DOCKER_20, "ClientInfo": client}).buildkit is buildkit


def test_podmans_service_behind_a_docker_command_has_no_buildkit() -> None:
    assert not parse_info({**DOCKER_20, "BuildahVersion": "1.28.2"}).buildkit


def test_docker_rootless_selinux_and_absent() -> None:
    facts = parse_info({**DOCKER_20, "SecurityOptions": ["name=rootless", "name=selinux"]})
    assert facts.rootless
    assert facts.selinux
    away = parse_info({"ServerErrors": ["Cannot connect to the Docker daemon"], "ClientInfo": {}})
    assert away.problem == "Cannot connect to the Docker daemon"
    assert not away.version


def test_podman() -> None:
    facts = parse_info(PODMAN_4)
    assert facts == facts._replace(
        name="podman", version="4.3.1", rootless=True, arch="amd64", selinux=True, service=False, runtime="crun",
        cgroup_manager="systemd", event_logger="journald", log_driver="journald", storage="vfs", buildkit=False,
    )  # fmt: skip


def test_versions() -> None:
    assert [parse_version(text) for text in ("20.10.24+dfsg1", "5.0.0-rc1", "v4.9", "")] == [
        (20, 10), (5, 0), (4, 9), (0, 0),
    ]  # fmt: skip


# What docker 20.10 and 28 printed for the template, with a label that holds commas, equal signs and a newline.
ROW = {
    "ID": "2e83" * 16,
    "Names": "a",
    "Image": "localhost/base:bookworm",
    "State": "running",
    "CreatedAt": "2026-11-22 06:45:32 +0000 UTC",
    "Ports": "127.0.0.1:32768->3000/tcp",
    "Labels": 'cove.name=x,devcontainer.metadata=[{"a":"b,c=d"},\n {"x":1}],other=1',
    "Chosen": {"cove.name": "x", "cove.gpus": "", "devcontainer.metadata": '[{"a":"b,c=d"},\n {"x":1}]'},
}


def test_docker_ps() -> None:
    (container,), whole = parse_docker_ps(json.dumps(ROW) + "\n")
    assert whole
    assert container.id == "2e83" * 16
    assert container.labels == {"cove.name": "x", "devcontainer.metadata": '[{"a":"b,c=d"},\n {"x":1}]'}
    assert container.created == "2026-11-22T06:45:32Z"
    assert container.ports == {"3000/tcp": "127.0.0.1:32768"}
    assert container.running
    assert parse_docker_ps("") == ([], True)


def test_docker_ps_knows_when_it_does_not_know_all_labels() -> None:
    row = {**ROW, "Labels": "a=1,cove.later=2"}
    assert parse_docker_ps(json.dumps(row))[1] is False


def test_an_empty_label_is_a_label() -> None:
    (container,), _ = parse_docker_ps(json.dumps({**ROW, "Labels": "cove.gpus=,cove.name=x"}))
    assert container.labels["cove.gpus"] == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("80/tcp", {}),
        ("0.0.0.0:80->80/tcp, :::80->80/tcp", {"80/tcp": "0.0.0.0:80"}),
        ("[::1]:5353->53/udp", {"53/udp": "[::1]:5353"}),
        ("127.0.0.1:1-2->8-9/tcp", {"8/tcp": "127.0.0.1:1", "9/tcp": "127.0.0.1:2"}),
    ],
)
def test_docker_ports(text: str, expected: dict[str, str]) -> None:
    assert parse_docker_ports(text) == expected


def test_times() -> None:
    assert parse_docker_time("2026-11-22 08:45:32 +0200 EET") == "2026-11-22T06:45:32Z"
    assert parse_docker_time("Less than a second ago") == ""
    assert parse_time("2026-11-22T06:45:32.598674914Z") == "2026-11-22T06:45:32Z"
    assert parse_time("2026-11-22T08:45:33.09311214+02:00") == "2026-11-22T06:45:33Z"
    assert parse_time("0001-01-01T00:00:00Z") == parse_time("") == parse_time("soon") == ""
    assert parse_seconds(1795329933) == "2026-11-22T06:45:33Z"
    assert parse_seconds(-62135596800) == ""


PODMAN_ROW = {
    "CreatedAt": "Less than a second ago",
    "Created": 1795329933,
    "StartedAt": -62135596800,
    "Id": "cce9" * 16,
    "Image": "localhost/base:bookworm",
    "ImageID": "3599" * 16,
    "Labels": {"cove.name": "x", "devcontainer.metadata": '[{"a":"b,c=d"}]'},
    "Names": ["a"],
    "Ports": [{"host_ip": "", "container_port": 3000, "host_port": 35691, "range": 2, "protocol": "tcp"}],
    "State": "configured",
}


def test_podman_ps() -> None:
    older = {**PODMAN_ROW, "Id": "0" * 64, "Created": 1, "Ports": None, "Labels": None, "State": "running"}
    newer, old = parse_podman_ps(json.dumps([older, PODMAN_ROW]))
    assert newer.labels["devcontainer.metadata"] == '[{"a":"b,c=d"}]'
    assert newer.ports == {"3000/tcp": "0.0.0.0:35691", "3001/tcp": "0.0.0.0:35692"}
    assert (newer.state, newer.created, newer.started) == ("created", "2026-11-22T06:45:33Z", "")
    assert newer.image_id == "sha256:" + "3599" * 16
    assert (old.id, old.labels, old.running) == ("0" * 64, {}, True)
    assert parse_podman_ps("") == []


DOCKER_CONTAINER = {
    "Id": "2e83" * 16,
    "Created": "2026-11-22T06:45:32.598674914Z",
    "State": {"Status": "exited", "StartedAt": "2026-11-22T06:45:32.965457763Z"},
    "Image": "sha256:" + "6121" * 16,
    "Name": "/a",
    "Config": {"User": "dev", "Env": ["A=b=c", "E="], "Image": "img:1", "Labels": {"l": "1"}},
    "NetworkSettings": {"Ports": {"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "1"}], "4/tcp": None}},
}


def test_container_of_docker() -> None:
    container = parse_container(DOCKER_CONTAINER)
    assert container == container._replace(
        name="a", image="img:1", state="exited", env={"A": "b=c", "E": ""}, user="dev", labels={"l": "1"},
        image_id="sha256:" + "6121" * 16, ports={"3000/tcp": "127.0.0.1:1"}, started="2026-11-22T06:45:32Z",
    )  # fmt: skip


def test_container_of_podman() -> None:
    document = {**DOCKER_CONTAINER, "Name": "a", "Image": "3599" * 16, "ImageName": "localhost/img:1"}
    document["Config"] = {**document["Config"], "Labels": None, "Entrypoint": ""}
    document["NetworkSettings"] = {"Ports": {}}
    container = parse_container(document)
    assert (container.image, container.image_id, container.labels) == (
        "localhost/img:1",
        "sha256:" + "3599" * 16,
        {},
    )


@pytest.mark.parametrize("entrypoint", [["/bin/sh", "-c"], "/bin/sh -c"])
def test_image(entrypoint: object) -> None:
    image = parse_image({
        "Id": "3599" * 16,
        "Architecture": "arm64",
        "Size": 5,
        "User": "dev",
        "Labels": {"l": "1"},
        "Config": {"Env": ["PATH=/bin"], "Cmd": ["bash"], "Entrypoint": entrypoint, "WorkingDir": "/w"},
    })  # fmt: skip
    assert image.id == "sha256:" + "3599" * 16
    assert (image.user, image.labels, image.entrypoint, image.command) == (
        "dev",
        {"l": "1"},
        ("/bin/sh", "-c"),
        ("bash",),
    )
    assert (image.env, image.workdir, image.arch, image.size) == ({"PATH": "/bin"}, "/w", "arm64", 5)


def test_image_with_nothing_in_its_configuration() -> None:
    image = parse_image({"Id": "sha256:1", "Config": None})
    assert (image.id, image.env, image.command, image.entrypoint) == ("sha256:1", {}, (), ())


def test_events() -> None:
    docker = {
        "Type": "container", "Action": "die",
        "Actor": {"ID": "i", "Attributes": {"cove.name": "x", "name": "n", "exitCode": "0"}},
    }  # fmt: skip
    event = parse_event(json.dumps(docker))
    assert event == Event("die", "i", "n", {"cove.name": "x", "name": "n", "exitCode": "0"})
    podman = {"ID": "i", "Name": "n", "Status": "died", "Type": "container", "Attributes": {"cove.name": "x"}}
    assert parse_event(json.dumps(podman)) == Event("die", "i", "n", {"cove.name": "x"})
    assert parse_event(json.dumps({**podman, "Type": "image", "Attributes": None})) is None
    health = {**docker, "Action": "health_status: healthy"}
    assert parse_event(json.dumps(health))._replace(labels={}) == Event("health_status", "i", "n", {})


def test_what_is_not_json_is_the_engines_fault() -> None:
    with pytest.raises(EngineError, match=r"the answer of `docker ps` is not JSON: 'WARN'"):
        parse_json("WARN", "docker ps")


@given(st.dictionaries(st.text(st.characters(exclude_characters="="), min_size=1), st.text()))
def test_env_round_trip(env: dict[str, str]) -> None:
    assert parse_env([f"{name}={value}" for name, value in env.items()]) == env
