"""What nothing uses is found and removed; what is used is not."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from cove.errors import Refused
from cove.host.files import locked, write_atomic
from cove.workspace.consent import Consent
from cove.workspace.prune import Idle, describe, list_idle, prune, total
from cove.workspace.records import state_folder

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session

GONE = "aaaaaaaaaaaa"


@pytest.fixture(autouse=True)
def one_engine(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> None:
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])


@pytest.fixture
def left(session: Session, engine: FakeEngine) -> str:
    """What a workspace that was removed has left; returns its notes' folder."""
    engine.add_image(f"localhost/cove/gone-{GONE}:image")
    engine.add_image(f"localhost/cove/last-good:{GONE}")
    engine.add_image("localhost/cove/base/debian:12")
    engine.add_image("debian")
    folder = state_folder(session.machine, GONE)
    write_atomic(f"{folder}/work", "x" * 100)
    write_atomic(f"{session.machine.directories.data}/workspaces/{GONE}/settings", "")
    write_atomic(f"{session.machine.directories.state}/engines.json", "{}")
    return folder


def test_what_is_left_of_a_removed_workspace(session: Session, engine: FakeEngine, left: str) -> None:
    assert [(one.kind, one.name) for one in list_idle(session)] == [
        ("image", f"localhost/cove/gone-{GONE}:image"),
        ("image", f"localhost/cove/last-good:{GONE}"),
        ("notes", left),
    ]
    with pytest.raises(Refused, match="needs your consent"):
        prune(session)
    session.consent = Consent(force=True)
    prune(session)
    assert set(engine.images) == {"localhost/cove/base/debian:12", "debian"}
    assert not os.path.exists(left)
    assert list_idle(session) == []
    assert [one.kind for one in prune(session, data=True)] == ["editor data"]


def test_an_image_counts_once() -> None:
    idle = [Idle("image", name, 70, "docker", "id") for name in "ab"]
    assert (
        total([*idle, Idle("image", "a", 70, "podman", "id"), Idle("notes", "/n", 5), Idle("x", "y", -1)])
        == 145
    )


def test_what_is_used_stays(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    engine.add_image(f"localhost/cove/digits-{record.id}:image")
    assert list_idle(session, data=True) == []
    del engine.there[there.id]
    assert list_idle(session) == [], "its folder is there, and nobody removed it"


def test_an_up_at_work_uses_what_it_makes(session: Session, engine: FakeEngine, left: str) -> None:
    with locked(f"{left}/lock"):
        assert list_idle(session) == []
    assert len(list_idle(session)) == 3


def test_a_container_whose_folder_is_gone(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    shutil.rmtree(record.folder)
    assert list_idle(session) == [], "it runs"
    engine.there[there.id] = there._replace(state="exited")
    assert list_idle(session)[0][:2] == ("container", there.id)
    theirs = {**there.labels, "cove.owner": "77"}
    engine.there[there.id] = there._replace(state="exited", labels=theirs)
    assert list_idle(session) == [], "another person's"


def test_old_files_of_the_editor_go_when_no_workspace_can_mount_them(
    session: Session, engine: FakeEngine
) -> None:
    place = f"{session.machine.directories.cache}/ide"
    for number, name in enumerate(("old", "new")):
        write_atomic(f"{place}/{name}/bundle.json", "{}")
        os.utime(f"{place}/{name}", (number, number))
    (idle,) = list_idle(session)
    assert describe(idle) == f"editor files {place}/old, 2 bytes"
    engine.add_container(labels={"cove.id": GONE, "cove.owner": "1000", "devcontainer.local_folder": "/"})
    assert list_idle(session) == []
