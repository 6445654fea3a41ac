from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from cove.errors import CoveError
from cove.gateway.wiring import Losses, make_place, read_views, render_detail, render_gpus
from cove.gpu.health import Loss
from cove.gpu.use import Lately
from cove.places.base import Endpoint, Target
from cove.testing import FakeEngine
from cove.workspace.list import Listed
from cove.workspace.ports import Lookout

if TYPE_CHECKING:
    from cove.host.machine import Machine


def test_no_engine_is_something_a_person_can_act_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    alone = machine._replace(env={"PATH": "/nowhere"})
    with contextlib.suppress(CoveError):  # nothing but a CoveError, and no workspace
        assert list(read_views(alone, Losses(), Lookout())) == []
    with pytest.raises(CoveError):
        make_place(alone).connect(Endpoint("0123456789ab", "exec", "docker", "c1"), Target())


def test_an_editors_socket_needs_no_engine(machine: Machine) -> None:
    with pytest.raises(CoveError, match="does not listen"):
        make_place(machine).connect(Endpoint("0123456789ab", "socket", "docker", "c1"), Target())


LISTED = Listed("i", "n", "/f", "running", "docker", "c", "image", "", "", "", mine=True)
LATELY = Lately(61, 1 << 30, (20, 100))


@pytest.mark.parametrize(
    ("gpus", "shared", "lately", "expected"),
    [
        ((), False, LATELY, ""),
        (("GPU-a",), False, None, "1 GPU"),
        (("GPU-a",), True, None, "1 GPU, shared"),
        (("GPU-a", "GPU-b"), False, LATELY, "2 GPUs: 61 % and at most 1.0 GiB over the last minutes"),
    ],
)
def test_gpus(gpus: tuple[str, ...], shared: bool, lately: Lately | None, expected: str) -> None:
    assert render_gpus(LISTED._replace(gpus=gpus, shares_gpus=shared), lately) == expected


def test_details() -> None:
    assert render_detail(LISTED) == ""
    assert render_detail(LISTED._replace(substitute="debian:12")) == "on a substitute for debian:12"


def test_containers_are_asked_about_their_gpus_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    loss = Loss("gone", "repair")

    def find(engine: FakeEngine, _: object) -> dict[str, Loss]:
        asked.append(engine.name)
        return {"c1": loss}

    monkeypatch.setattr("cove.workspace.gpu_health.find_losses", find)
    losses, docker = Losses(), FakeEngine()
    assert losses.find(docker, []) == losses.find(docker, []) == {"c1": loss}
    losses.find(FakeEngine(name="podman"), [])
    assert asked == ["docker", "podman"]
    monkeypatch.setattr("cove.gateway.wiring.LOSS_SECONDS", 0)
    losses.find(docker, [])
    assert asked == ["docker", "podman", "docker"]
