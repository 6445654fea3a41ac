"""`doctor --gpu`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.gpu.inventory import NVIDIA, Gpu, Inventory
from cove.workspace.gpu_doctor import examine_gpus
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session

SEEN = '{"name": "torch", "version": "2.6.0", "built": "12.4", "seen": 1, "error": ""}\n'
CPU = '{"name": "jax", "version": "0.4.30"}\n'


@pytest.fixture(autouse=True)
def one_gpu(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> None:
    gpu = Gpu(NVIDIA, 0, "GPU-a", "NVIDIA GeForce RTX 3090", "/dev/nvidia0", capability="8.6")
    monkeypatch.setattr("cove.gpu.hardware.read_inventory", lambda *_: Inventory((gpu,), driver="550.54.15"))
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])


@pytest.fixture
def holder(session: Session, engine: FakeEngine, labels: dict[str, str], record: Record) -> str:
    write_record(session.machine, record)
    return engine.add_container(labels={**labels, "cove.gpus": "GPU-a"}).id


def told(session: Session, folder: str = "") -> list[tuple[str, str]]:
    return [(check.name, check.verdict) for check in examine_gpus(session, folder)]


def test_a_machine_its_repository_and_its_workspace(
    session: Session, engine: FakeEngine, project: Callable[..., str], holder: str
) -> None:
    engine.runner.answer("docker exec", stdout=SEEN + CPU)
    folder = project('{"image": "nvidia/cuda:12.4.1-base"}')
    names = told(session, folder)
    assert names[-3:] == [("CUDA", "ok"), ("inside digits", "ok"), ("inside digits", "warning")]
    assert ("GPU", "ok") in names
    asked = engine.execs[-1]
    assert (asked.user, asked.workdir, asked.env) == ("dev", "/workspaces/digits", {"EDITOR": "vi"})
    assert told(session)[-1] == ("inside digits", "warning")


def test_where_the_gpu_is_lost_nothing_inside_is_to_be_mended(
    session: Session, engine: FakeEngine, holder: str
) -> None:
    engine.there[holder] = engine.there[holder]._replace(
        labels={**engine.there[holder].labels, "cove.gpus": "GPU-gone"}
    )
    engine.runner.answer("docker exec", stdout=SEEN.replace('"seen": 1', '"seen": 0'))
    lost, inside = examine_gpus(session)[-2:]
    assert (lost.name, "not in this machine any more" in lost.evidence) == ("GPU of digits", True)
    assert (inside.name, inside.fix) == ("inside digits", "The container has lost its GPU, as is said above.")


@pytest.mark.parametrize(
    ("code", "words"), [(127, "no Python inside"), (0, "neither torch nor tensorflow nor jax")]
)
def test_nobody_to_ask_inside(
    session: Session, engine: FakeEngine, holder: str, code: int, words: str
) -> None:
    engine.runner.answer("docker exec", code=code)
    last = examine_gpus(session)[-1]
    assert (last.verdict, words in last.evidence) == ("unchecked", True)


def test_a_repository_that_does_not_run(session: Session, project: Callable[..., str]) -> None:
    cuda, inside = examine_gpus(session, project('{"image": "debian"}'))[-2:]
    assert (cuda.name, cuda.evidence) == ("CUDA", "neither image nor files say that they need any")
    assert (inside.name, inside.verdict) == ("inside", "unchecked")
