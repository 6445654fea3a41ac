"""What work that was cut off leaves, and what the next `up` makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import BuildError, EngineError
from cove.host.files import write_atomic
from cove.workspace.records import state_folder, write_record
from cove.workspace.terms import UpRequest
from cove.workspace.unfinished import clear_unfinished, marked
from cove.workspace.up import up

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


def cut_off(session: Session, workspace_id: str) -> None:
    """Leave the mark that a killed process leaves."""
    write_atomic(f"{state_folder(session.machine, workspace_id)}/unfinished", "")


def test_the_container_on_record_is_kept(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    engine.add_container(labels=there.labels)
    cut_off(session, record.id)
    clear_unfinished(session, record.id)
    assert list(engine.there) == [there.id]
    engine.add_container(labels=there.labels)
    clear_unfinished(session, record.id)
    assert len(engine.there) == 2, "without a mark nobody looks"


def test_without_a_record_the_newest_is_kept(
    session: Session, engine: FakeEngine, labels: dict[str, str]
) -> None:
    engine.add_container(labels=labels)
    newest = engine.add_container(labels=labels)
    stranger = engine.add_container(labels={"cove.id": "another"})
    cut_off(session, labels["cove.id"])
    clear_unfinished(session, labels["cove.id"])
    assert list(engine.there) == [newest.id, stranger.id]


def test_a_record_of_a_container_that_is_gone_saves_none(
    session: Session, engine: FakeEngine, labels: dict[str, str], record: Record
) -> None:
    made = engine.add_container(labels=labels)
    write_record(session.machine, record._replace(container="f" * 64))
    cut_off(session, record.id)
    clear_unfinished(session, record.id)
    assert list(engine.there) == [made.id]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_only_a_killed_process_leaves_the_mark(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record, error: type[BaseException]
) -> None:
    engine.add_container(labels=there.labels)
    with pytest.raises(error), marked(session.machine, record.id):
        raise error
    clear_unfinished(session, record.id)
    assert len(engine.there) == 2


def test_what_appeared_meanwhile_goes_when_the_new_one_works(
    session: Session, engine: FakeEngine, project: Callable[..., str], there: ContainerInfo, editor: object
) -> None:
    engine.add_container(labels=there.labels)
    opened = up(session, UpRequest(project('{"image": "debian"}'), rebuild=True))
    assert list(engine.there) == [opened.record.container]


def test_the_mark_stays_when_an_engine_fails(session: Session) -> None:
    mark = Path(state_folder(session.machine, "0123456789ab"), "unfinished")
    for error, stays in ((EngineError("it has died"), True), (BuildError("exit 1"), False)):
        with pytest.raises(type(error)), marked(session.machine, "0123456789ab"):
            raise error
        assert mark.exists() is stays
