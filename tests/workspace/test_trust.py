"""What a repository asks of this machine, and that it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import Refused
from cove.spec.merge import merge_layers, parse_metadata_label
from cove.spec.variables import substitute
from cove.workspace.consent import Consent
from cove.workspace.image import Image
from cove.workspace.trust import need_image_trust, need_trust, plan_image_requests, plan_requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

HARMLESS = (
    '"mounts": ["source=cache,target=/cache,type=volume", "type=tmpfs,target=/t"], "containerEnv": {"A": "b"}'
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (HARMLESS, []),
        ('"mounts": ["type=bind,source=${localWorkspaceFolder}/data,target=/data"]', []),
        ('"initializeCommand": "make"', ["runs on this machine: make"]),
        ('"mounts": ["type=bind,source=/etc,target=/e"]', ["mounts /etc at /e"]),
        (
            '"mounts": ["type=bind,source=${localWorkspaceFolder}/../other,target=/o"]',
            ["mounts {0}/../other at /o"],
        ),
        (
            '"mounts": ["type=volume,source=v,target=/host,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/"]',
            ["mounts a volume at /host: volume-opt=type=none, volume-opt=o=bind, volume-opt=device=/"],
        ),
        (
            '"workspaceMount": "type=bind,source=/,target=/w", "workspaceFolder": "/w"',
            ["mounts / at /w"],
        ),
        ('"runArgs": ["--network", "host"]', ["runArgs: --network host"]),
        ('"capAdd": ["SYS_PTRACE"]', ["capAdd: SYS_PTRACE"]),
        ('"securityOpt": ["seccomp=unconfined"]', ["securityOpt: seccomp=unconfined"]),
        ('"privileged": true', ["runs privileged"]),
        ('"remoteEnv": {"A": "${localEnv:TOKEN}"}', ["reads environment variables of this machine"]),
        ('"remoteEnv": {"A": "${env:TOKEN}"}', ["reads environment variables of this machine"]),
    ],
)
def test_requests(read: Callable[..., Reading], said: str, expected: list[str]) -> None:
    reading = read(f'{{"image": "debian", {said}}}')
    assert plan_requests(reading) == [request.format(reading.address.folder) for request in expected]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ('"context": "."', []),
        ('"context": ".."', ["sends {0} to the build"]),
        ('"options": ["--network=host"]', ["build.options: --network=host"]),
    ],
)
def test_builds(read: Callable[..., Reading], build: str, expected: list[str]) -> None:
    reading = read(f'{{"build": {{"dockerfile": "Dockerfile", {build}}}}}', Dockerfile="FROM debian")
    above = reading.address.folder.rpartition("/")[0]
    assert plan_requests(reading) == [request.format(above) for request in expected]


def image_of(reading: Reading, engine: FakeEngine, label: str) -> Image:
    layers = (*parse_metadata_label(label), reading.written.layer)
    merged = merge_layers(substitute(layers, reading.scope))
    return Image("mine", engine.add_image("mine"), layers, merged, "Dockerfile", {})


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("", []),
        ('{"remoteUser": "dev", "mounts": ["source=dind,target=/var/lib/docker,type=volume"]}', []),
        ('{"privileged": true}', ["runs privileged"]),
        ('[{"mounts": [{"type": "bind", "source": "/", "target": "/host"}]}]', ["mounts / at /host"]),
        ('{"containerEnv": {"A": "${localEnv:TOKEN}"}}', ["reads environment variables of this machine"]),
        ('{"capAdd": ["SYS_ADMIN"]}', []),  # the configuration says so itself
    ],
)
def test_an_image_asks_by_its_label(
    read: Callable[..., Reading], engine: FakeEngine, label: str, expected: list[str]
) -> None:
    reading = read('{"image": "mine", "capAdd": ["SYS_ADMIN"]}')
    assert plan_image_requests(reading, image_of(reading, engine, label)) == expected


def test_asked_once_and_again_when_it_changed(session: Session, read: Callable[..., Reading]) -> None:
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    session.consent = Consent(ask=agree)
    need_trust(session, read('{"image": "debian", "privileged": true}'))
    need_trust(session, read('{"image": "debian", "privileged": true, "name": "other"}'))
    assert len(asked) == 1
    assert "  - runs privileged\n" in asked[0]
    need_trust(session, read('{"image": "debian", "privileged": true, "initializeCommand": "a"}'))
    need_trust(session, read('{"image": "debian"}'))
    assert len(asked) == 2


def test_a_no_is_asked_again(session: Session, read: Callable[..., Reading]) -> None:
    reading = read('{"image": "debian", "privileged": true}')
    for _ in range(2):
        session.consent = Consent(ask=lambda _: False)
        with pytest.raises(Refused, match="Nothing was done"):
            need_trust(session, reading)


def test_where_nobody_can_be_asked(
    session: Session, read: Callable[..., Reading], engine: FakeEngine
) -> None:
    reading = read('{"image": "debian", "initializeCommand": ["make", "all"]}')
    session.consent = Consent(packages=True, force=True)
    with pytest.raises(Refused) as caught:
        need_trust(session, reading)
    assert "--trust" in caught.value.hint
    assert caught.value.detail == "  - runs on this machine: ['make', 'all']"
    session.consent = Consent(trust=True)
    need_trust(session, reading)
    session.consent = Consent()
    need_trust(session, reading)  # remembered
    with pytest.raises(Refused):  # the image is another matter
        need_image_trust(session, reading, image_of(reading, engine, '{"privileged": true}'))
