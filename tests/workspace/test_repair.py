"""A workspace that has lost its GPU: told, asked about, or made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.gpu.choose import Lease
from cove.gpu.health import Loss
from cove.workspace.consent import Consent
from cove.workspace.gpu_wish import GpuOptions
from cove.workspace.repair import plan_repair
from cove.workspace.terms import UpRequest

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.session import Session

LOSS = Loss("the rules were renewed", "`cove up --repair`.")
ASKED = UpRequest("/work", repair=True)


@pytest.fixture
def holder(engine: FakeEngine) -> ContainerInfo:
    return engine.add_container(labels={"cove.gpus": "GPU-a,GPU-b", "cove.gpus.shared": "true"})


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[Loss | None]:
    """What is found to be lost; the last one counts."""
    losses: list[Loss | None] = [LOSS]
    monkeypatch.setattr("cove.workspace.repair.find_loss", lambda *_: losses[-1])
    return losses


def test_made_anew_with_what_it_had(session: Session, holder: ContainerInfo, lost: list[Loss | None]) -> None:
    again = plan_repair(session, ASKED, holder)
    assert again is not None
    assert again.gpus == GpuOptions("device=GPU-a,GPU-b", share=True)
    lost.append(LOSS._replace(same=False))
    assert plan_repair(session, ASKED, holder) == ASKED
    own_word = ASKED._replace(gpus=GpuOptions("1"))
    assert plan_repair(session, own_word, holder) == own_word


def test_unasked_it_is_told_and_on_a_terminal_asked(
    session: Session, holder: ContainerInfo, lost: list[Loss | None]
) -> None:
    plain = UpRequest("/work")
    assert plan_repair(session, plain, holder) is None
    assert session.progress.warnings == [
        "the workspace has lost its GPU: the rules were renewed. `cove up --repair`."
    ]
    session.consent = Consent(ask=lambda text: "the rules were renewed" in text)
    assert plan_repair(session, plain, holder) is not None
    lost.append(LOSS._replace(repairable=False))
    assert plan_repair(session, ASKED, holder) is None


def test_nothing_to_repair(
    session: Session, holder: ContainerInfo, lost: list[Loss | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost.append(None)
    assert plan_repair(session, UpRequest("/work"), holder) is None
    assert session.progress.notes == []
    assert plan_repair(session, ASKED, holder) is None
    assert "nothing to repair" in session.progress.notes[0]
    stopped = holder._replace(state="exited")
    taken: list[Lease | None] = [None]
    monkeypatch.setattr("cove.workspace.repair.find_taken", lambda *_: taken[-1])
    assert plan_repair(session, ASKED, stopped) is None
    taken.append(Lease("GPU-a", "theirs", "ada"))
    assert plan_repair(session, ASKED, stopped) == ASKED
    assert "its GPU is held by theirs of ada" in session.progress.notes[-1]
