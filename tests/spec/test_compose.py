"""Compose projects: what is read of them, and the file that is added."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cove.errors import ConfigurationError
from cove.spec.compose import (
    Project,
    Service,
    choose_project_name,
    interpolate,
    merge_files,
    parse_service,
    render_override,
)
from cove.spec.compose_requests import HostRequests
from cove.spec.run import GpuGrant, Mount, RunRequest

PROJECT = Project("nets", ("/w/c.yml",), "app", (), HostRequests(), version="3.8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "1"),
        ("${A}/x", "1/x"),
        ("$$A", "$A"),
        ("${NONE}", ""),
        ("${NONE:-b c}", "b c"),
        ("${EMPTY:-b}", "b"),
        ("${EMPTY-b}", ""),
        ("${NONE-b}", "b"),
        ("${A:+yes}", "yes"),
        ("${NONE:+yes}", ""),
        ("${A?no}", "1"),
        ("100%", "100%"),
        ("$", "$"),
    ],
)
def test_interpolation(text: str, expected: str) -> None:
    assert interpolate({"x": [text, 1]}, {"A": "1", "EMPTY": ""}) == {"x": [expected, 1]}


@pytest.mark.parametrize("text", ["${NONE?give it}", "${EMPTY:?give it}"])
def test_a_variable_that_must_be_there(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"needs the variable (NONE|EMPTY): give it"):
        interpolate(text, {"EMPTY": ""})


def test_later_files_win() -> None:
    first = {"services": {"a": {"image": "x", "environment": {"A": "1", "B": "1"}}, "b": None}}
    second = {"services": {"a": {"image": "y", "environment": {"B": "2"}, "command": ["c"]}}}
    assert merge_files([first, second]) == {
        "a": {"image": "y", "environment": {"A": "1", "B": "2"}, "command": ["c"]},
        "b": {},
    }


@pytest.mark.parametrize(
    ("env", "name", "file", "expected"),
    [
        ({}, None, "/w/My.Nets/docker-compose.yml", "mynets"),
        ({}, None, "/w/My.Nets/.devcontainer/c.yml", "mynets_devcontainer"),
        ({}, None, "/w/My.Nets/deploy/c.yml", "deploy"),
        ({}, "said-${X}", "/w/My.Nets/c.yml", "said-1"),
        ({"COMPOSE_PROJECT_NAME": "Mine"}, "said", "/w/My.Nets/c.yml", "mine"),
    ],
)
def test_project_name(env: dict[str, str], name: str | None, file: str, expected: str) -> None:
    documents = [{"name": name} if name else {}]
    assert choose_project_name({"X": "1", **env}, documents, file, "/w/My.Nets") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"image": "debian", "user": 1000}, Service("debian", user="1000")),
        ({"build": "sub"}, Service(dockerfile="/w/sub/Dockerfile", context="/w/sub")),
        (
            {"build": {"context": ".", "dockerfile": "D", "args": ["A=1", "B"], "target": "t"}, "image": "x"},
            Service("x", "/w/D", "/w", {"A": "1", "B": ""}, "t"),
        ),
        (
            {"image": "x", "entrypoint": "a 'b c'", "command": ["d", 1]},
            Service("x", entrypoint=("a", "b c"), command=("d", "1")),
        ),
    ],
)
def test_service(said: dict[str, Any], expected: Service) -> None:
    assert parse_service({"app": said}, "app", "/w", "/w/c.yml") == expected


@pytest.mark.parametrize(
    ("services", "message"),
    [({"db": {}}, "have no service `app`"), ({"app": {"command": "x"}}, "neither `image` nor `build`")],
)
def test_no_such_service(services: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse_service(services, "app", "/w", "/w/c.yml")
    assert caught.value.path == "/w/c.yml"


def test_the_override_says_what_is_wished_and_no_more() -> None:
    request = RunRequest(
        "img",
        labels={"l": "${x}"},
        env={"E": "a$b"},
        mounts=(
            Mount("bind", "/a", "/b", read_only=True),
            Mount("volume", "v", "/v"),
            Mount("tmpfs", "", "/run/x"),
        ),
        entrypoint="/bin/sh",
        command=("-c", 'echo "$@"'),
        cap_add=("SYS_PTRACE",),
        publish=("127.0.0.1::41357",),
    )
    assert json.loads(render_override(PROJECT, request)) == {
        "version": "3.8",
        "services": {
            "app": {
                "image": "img",
                "labels": {"l": "$${x}"},
                "environment": {"E": "a$$b"},
                "volumes": ["/a:/b:ro", "v:/v"],
                "tmpfs": ["/run/x"],
                "cap_add": ["SYS_PTRACE"],
                "ports": ["127.0.0.1::41357"],
                "entrypoint": ["/bin/sh"],
                "command": ["-c", 'echo "$$@"'],
            }
        },
        "volumes": {"v": {"name": "v"}},
    }
    bare = json.loads(render_override(PROJECT._replace(version=""), RunRequest("img")))
    assert bare == {"services": {"app": {"image": "img"}}}


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        (GpuGrant(devices=("nvidia.com/gpu=0",)), {"devices": ["nvidia.com/gpu=0"]}),
        (
            GpuGrant(gpus="GPU-a,GPU-b"),
            {"driver": "nvidia", "capabilities": ["gpu"], "device_ids": ["GPU-a", "GPU-b"]},
        ),
        (GpuGrant(gpus="all"), {"driver": "nvidia", "capabilities": ["gpu"], "count": "all"}),
        (GpuGrant(devices=("/dev/kfd",), groups=("44",)), {"devices": ["/dev/kfd"], "group_add": ["44"]}),
    ],
)
def test_gpus(grant: GpuGrant, expected: dict[str, Any]) -> None:
    service = json.loads(render_override(PROJECT, RunRequest("img", gpus=grant)))["services"]["app"]
    del service["image"]
    if grant.gpus:
        service = service["deploy"]["resources"]["reservations"]["devices"][0]
    assert service == expected
