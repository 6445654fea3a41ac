"""What goes with a container: named, and asked for, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import Refused
from cove.workspace.consent import Consent
from cove.workspace.losses import (
    choose_losses,
    describe_losses,
    keep_baseline,
    need_consent_to_lose,
    read_losses,
)
from cove.workspace.stop import remove_workspace
from cove.workspace.terms import UpRequest
from cove.workspace.up import up

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/x",
        "/run/lock",
        "/var/cache/apt/pkgcache.bin",
        "/var/lib/apt/lists/a",
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/ca-certificates.conf",
        "/etc/apt/apt.conf.d/95cove-proxy",
        "/opt/cove/ide",
        "/root/.bash_history",
        "/home/ada/.python_history",
        "/home/ada/.cache/pip/x",
        "/home/ada/.vscode-server/bin",
        "/home/ada/.devcontainer/.postCreateCommandMarker",
        "/srv/a/__pycache__/b.pyc",
        "/root/.lesshst",
        "/root/.config/matplotlib",
        "/root/.triton/cache/x",
    ],
)
def test_what_nobody_misses(path: str) -> None:
    assert choose_losses([path], ()) == []


@pytest.mark.parametrize(
    "path",
    [
        "/home/ada/model.pt",
        "/usr/local/bin/tool",
        "/opt/covert",
        "/root/.bashrc",
        "/root/.config/x",
        "/home/ada/tmp/x",
        "/var/lib/postgres/1",
        "/etc/apt/sources.list",
        "/srv/history",
    ],
)
def test_what_somebody_may_miss(path: str) -> None:
    assert choose_losses([path], ()) == [path]


def test_folders_stand_for_nothing_themselves_and_what_was_made_is_no_loss() -> None:
    changes = ["/root", "/root/b", "/root/a", "/root/made", "/empty"]
    assert choose_losses(changes, {"/root/made", "/empty"}) == ["/root/a", "/root/b"]


def test_many_are_counted_by_place() -> None:
    paths = [f"/{name}/f" for name in "abcdefg"] + [f"/home/ada/x/{number}" for number in range(40)]
    assert describe_losses(paths) == "/a/f, /b/f, /c/f, /d/f, /e/f, and 3 more places"
    assert describe_losses(paths[-40:]) == "/home/ada/x (40 files)"


@pytest.fixture
def filled(session: Session, engine: FakeEngine, there: ContainerInfo, record: Record) -> ContainerInfo:
    """A workspace in whose container a person has left a file."""
    engine.changed[there.id] = ["/etc", "/etc/made"]
    keep_baseline(session, record.id, there.id)
    engine.changed[there.id] = ["/etc", "/etc/made", "/root", "/root/model.pt"]
    return there


def test_rm_asks(session: Session, engine: FakeEngine, filled: ContainerInfo) -> None:
    with pytest.raises(Refused, match=r"lost with it: /root/model\.pt") as caught:
        remove_workspace(session, "digits")
    assert "--force" in caught.value.hint
    asked: list[str] = []
    session.consent = Consent(ask=lambda question: not asked.append(question))  # type: ignore[func-returns-value]
    remove_workspace(session, "digits")
    (question,) = asked
    assert question.startswith("Changed inside the container since it was made, and lost with it: /root/")
    assert question.endswith("Remove digits all the same?")
    assert engine.there == {}


def test_rm_with_force(session: Session, engine: FakeEngine, filled: ContainerInfo) -> None:
    session.consent = Consent(force=True)
    remove_workspace(session, "digits")
    assert engine.there == {}


def test_a_rebuild_asks_and_no_leaves_everything(
    session: Session, engine: FakeEngine, filled: ContainerInfo, project: Callable[..., str]
) -> None:
    session.consent = Consent(ask=lambda _: False)
    with pytest.raises(Refused):
        up(session, UpRequest(project('{"image": "debian"}'), rebuild=True))
    assert list(engine.there) == [filled.id]


def test_nothing_is_known_of_a_container_without_a_list(
    session: Session, engine: FakeEngine, there: ContainerInfo, record: Record
) -> None:
    engine.changed[there.id] = ["/root/model.pt"]
    assert read_losses(session, record.id, there.id) == []
    keep_baseline(session, record.id, "another container")
    need_consent_to_lose(session, record.id, there.id, "Remove it")


def test_a_new_workspace_has_a_list(
    session: Session, engine: FakeEngine, project: Callable[..., str], editor: object
) -> None:
    opened = up(session, UpRequest(project('{"image": "debian"}')))
    assert read_losses(session, opened.record.id, opened.record.container) == []
    engine.changed[opened.record.container] = ["/srv/x"]
    assert read_losses(session, opened.record.id, opened.record.container) == ["/srv/x"]
