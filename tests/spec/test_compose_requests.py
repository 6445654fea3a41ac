"""What compose files ask of the host."""

from __future__ import annotations

from typing import Any

import pytest

from cove.spec.compose_requests import HostRequests, find_requests


def ask(service: dict[str, Any]) -> HostRequests:
    return find_requests([{"services": {"app": service}}], "/w/.devcontainer")


@pytest.mark.parametrize(
    "service",
    [
        {
            "image": "x",
            "command": "y",
            "environment": {"A": "1"},
            "user": "dev",
            "init": True,
            "x-own": {"a": 1},
        },
        {"volumes": ["data:/data", "/anonymous"], "tmpfs": "/run", "depends_on": ["db"], "networks": ["n"]},
        {"privileged": False, "cap_add": [], "devices": None},
        {"deploy": {"resources": {"reservations": {"devices": [{"driver": "nvidia"}]}}}},
        {"environment": {"PRICE": "5 $$"}},
    ],
)
def test_nothing(service: dict[str, Any]) -> None:
    assert ask(service) == HostRequests()


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        ({"privileged": True}, "service app: privileged: true"),
        ({"cap_add": ["ALL"]}, 'service app: cap_add: ["ALL"]'),
        ({"network_mode": "host"}, "service app: network_mode: host"),
        ({"pid": "host"}, "service app: pid: host"),
        ({"devices": ["/dev/sda"]}, 'service app: devices: ["/dev/sda"]'),
        ({"ports": ["5432:5432"]}, 'service app: ports: ["5432:5432"]'),
        ({"extends": {"file": "other.yml"}}, 'service app: extends: {"file": "other.yml"}'),
        ({"of_tomorrow": 1}, "service app: of_tomorrow: 1"),
        ({"build": {"context": ".", "ssh": ["default"]}}, 'service app: build: ssh: ["default"]'),
        ({"build": "https://example.org/x.git"}, "service app: build: context: https://example.org/x.git"),
        (
            {"volumes": [{"type": "npipe", "source": "x"}]},
            'service app: volumes: {"type": "npipe", "source": "x"}',
        ),
        ({"environment": ["KEY=${SECRET}"]}, "reads environment variables of this machine"),
        ({"image": "x:$TAG"}, "reads environment variables of this machine"),
    ],
)
def test_sentences(service: dict[str, Any], sentence: str) -> None:
    assert ask(service).sentences == (sentence,)


@pytest.mark.parametrize(
    ("service", "paths"),
    [
        ({"volumes": ["/:/host:ro"]}, ("/",)),
        ({"volumes": ["..:/repo", "./a:/a"]}, ("/w", "/w/.devcontainer/a")),
        ({"volumes": ["~/.ssh:/keys"]}, ("~/.ssh",)),
        (
            {"volumes": [{"type": "bind", "source": "/var/run/docker.sock", "target": "/s"}]},
            ("/var/run/docker.sock",),
        ),
        ({"build": "../.."}, ("/",)),
        ({"build": {"context": "..", "dockerfile": "/etc/D"}}, ("/w", "/etc/D")),
        ({"env_file": [".env", {"path": "/root/.env"}]}, ("/w/.devcontainer/.env", "/root/.env")),
    ],
)
def test_paths(service: dict[str, Any], paths: tuple[str, ...]) -> None:
    assert ask(service) == HostRequests((), paths)


def test_a_path_that_is_a_variable_is_told_as_it_is() -> None:
    found = ask({"volumes": ["${HOST_ROOT:-/}:/host"]})
    assert found.paths == ("${HOST_ROOT:-/}",)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"include": ["x.yml"]}, 'include: ["x.yml"]'),
        ({"secrets": {"s": {"file": "/etc/shadow"}}}, 'secrets: {"s": {"file": "/etc/shadow"}}'),
        ({"volumes": {"v": {"driver_opts": {"device": "/"}}}}, 'volume v: driver_opts: {"device": "/"}'),
        ({"networks": {"n": {"external": True}}}, "network n: external: true"),
    ],
)
def test_the_project_itself(document: dict[str, Any], sentence: str) -> None:
    assert find_requests([document], "/w").sentences == (sentence,)


def test_shapes_that_compose_will_refuse_are_not_ours_to_refuse() -> None:
    assert (
        find_requests([{"services": ["a"], "volumes": {"v": None}, "networks": "x"}], "/w") == HostRequests()
    )
