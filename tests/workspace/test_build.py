"""An image for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import Refused, UsageError
from cove.settings.settings import Settings
from cove.workspace.bases import BuildOptions
from cove.workspace.build import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.session import Session


@pytest.mark.parametrize(
    ("options", "names"),
    [(None, ("localhost/digits:latest",)), (BuildOptions(tags=("a", "b"), push=True), ("a", "b"))],
)
def test_names(
    session: Session,
    engine: FakeEngine,
    project: Callable[..., str],
    options: BuildOptions | None,
    names: tuple[str, ...],
) -> None:
    built = build(session, project(Dockerfile="FROM debian\n"), options=options)
    assert built == (names, engine.images[names[0]].id, 1000, bool(options))
    (request,) = engine.builds  # no user layer: the ids here are nobody else's
    assert (request.tags, request.publishing, request.push) == (names, True, bool(options))


def test_offline_nothing_is_pushed(session: Session, engine: FakeEngine, project: Callable[..., str]) -> None:
    session.settings = Settings(offline=True)
    with pytest.raises(UsageError, match="--push needs a network"):
        build(session, project('{"image": "debian"}'), options=BuildOptions(push=True))
    assert engine.calls == []


def test_a_strangers_repository_is_asked_about_first(
    session: Session, engine: FakeEngine, project: Callable[..., str]
) -> None:
    with pytest.raises(Refused):
        build(session, project('{"image": "debian", "initializeCommand": "make"}'))
    assert engine.calls == []
