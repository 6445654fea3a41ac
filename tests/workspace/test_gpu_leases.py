"""Leases of GPUs: who holds what, and how one that stopped starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError, GpuError
from cove.workspace.gpu_leases import keep, read_leases, start_leased

if TYPE_CHECKING:
    from cove.testing import FakeEngine
    from cove.workspace.session import Session


def test_of_several_on_one_gpu_who_would_have_it_alone_stands_for_all(
    session: Session, engine: FakeEngine, machine_with_two: str
) -> None:
    alone = {"cove.gpus": "GPU-0", "cove.name": "alone"}
    for labels in (alone, {**alone, "cove.gpus.shared": "true", "cove.name": "guest"}):
        keep(session, engine.add_container(labels=labels))
    lease = read_leases(session, machine_with_two)["GPU-0"]
    assert (lease.workspace, lease.shared) == ("alone", False)


def test_a_restarted_one_gets_its_own_back_or_says_who_has_it(
    session: Session, engine: FakeEngine, machine_with_two: str
) -> None:
    mine = engine.add_container(labels={"cove.gpus": "GPU-0", "cove.name": "mine"})
    engine.stop(mine.id)
    start_leased(session, engine.there[mine.id])
    assert read_leases(session, machine_with_two)["GPU-0"].workspace == "mine"
    engine.stop(mine.id)
    engine.add_container(labels={"cove.gpus": "GPU-0", "cove.name": "theirs"})
    with pytest.raises(GpuError, match=r"its GPU is held by theirs") as caught:
        start_leased(session, engine.there[mine.id])
    assert "--repair" in caught.value.hint
    assert not engine.there[mine.id].running


def test_shared_ones_start_beside_each_other(
    session: Session, engine: FakeEngine, machine_with_two: str
) -> None:
    shared = {"cove.gpus": "GPU-0", "cove.gpus.shared": "true"}
    first = engine.add_container(labels={**shared, "cove.name": "first"})
    second = engine.add_container(labels={**shared, "cove.name": "second"}, state="exited", pid=0)
    start_leased(session, second)
    assert engine.there[second.id].running
    assert first.running


def test_one_without_gpus_just_starts(session: Session, engine: FakeEngine) -> None:
    plain = engine.add_container(state="exited", pid=0)
    start_leased(session, plain)
    assert engine.there[plain.id].running
    engine.failures["start"] = EngineError("no")
    with pytest.raises(EngineError):
        start_leased(session, plain)
