"""The cache volumes on every engine, and their removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.engines.base import VolumeInfo
from cove.errors import EngineError, Refused
from cove.host.machine import Owner
from cove.testing import FakeEngine
from cove.workspace.cache_list import list_caches, prune_caches, total
from cove.workspace.consent import Consent
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from cove.workspace.records import Record
    from cove.workspace.session import Session

PIP, UV, THEIRS = "cove-cache-1000-pip", "cove-cache-1000-uv", "cove-cache-1001-pip"


@pytest.fixture
def podman() -> FakeEngine:
    return FakeEngine(name="podman")


@pytest.fixture(autouse=True)
def volumes(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, podman: FakeEngine) -> None:
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine, podman])
    for info in (
        VolumeInfo(PIP, 10, ()),
        VolumeInfo(THEIRS, 99, ()),
        VolumeInfo("cove-cache-1000-pipe", 1, ()),
    ):
        engine.stored[info.name] = info
    podman.stored[UV] = VolumeInfo(UV, 2000, ("digits",))


def test_the_persons_own_largest_first(session: Session) -> None:
    listed = list_caches(session)
    assert [(one.kind, one.size, one.engine, one.used_by) for one in listed] == [
        ("uv", 2000, "podman", ("digits",)),
        ("pip", 10, "docker", ()),
    ]
    assert total(listed) == 2010
    assert [one.volume for one in list_caches(session, ["pip"], everyone=True)] == [THEIRS, PIP]


def test_root_sees_all(session: Session) -> None:
    session.machine = session.machine._replace(owner=Owner(0, 0))
    assert [one.volume for one in list_caches(session)] == [UV, THEIRS, PIP]


def test_an_isolated_workspaces_own_bears_its_name(
    session: Session, engine: FakeEngine, record: Record
) -> None:
    write_record(session.machine, record)
    for identity in (record.id, "abcdefabcdef"):
        name = f"cove-cache-1000-{identity}-npm"
        engine.stored[name] = VolumeInfo(name, -1, ())
    found = {one.workspace for one in list_caches(session, ["npm"])}
    assert found == {"digits", "abcdefabcdef"}
    assert total(list_caches(session, ["npm"])) == 0


def test_an_engine_that_does_not_answer_is_told(session: Session, podman: FakeEngine) -> None:
    podman.failures["volumes"] = EngineError("no space")
    assert [one.volume for one in list_caches(session)] == [PIP]
    assert session.progress.warnings == ["no space"]


def test_pruning_needs_consent_and_spares_what_is_in_use(
    session: Session, engine: FakeEngine, podman: FakeEngine
) -> None:
    with pytest.raises(Refused) as caught:
        prune_caches(session)
    assert caught.value.detail == "pip (10 bytes)"
    assert engine.calls == []
    session.consent = Consent(force=True)
    pruned = prune_caches(session)
    assert [one.volume for one in pruned.removed] == [PIP]
    assert [one.volume for one in pruned.kept] == [UV]
    assert (engine.calls, podman.calls) == ([f"remove-volume {PIP}"], [])


def test_nothing_to_remove_asks_nothing(session: Session) -> None:
    assert prune_caches(session, ["npm"]).removed == ()
