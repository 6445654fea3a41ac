"""The caches of a running container."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.spec.caches import PREPARE
from cove.workspace.caches import prepare_caches
from cove.workspace.environment import RemoteUser

if TYPE_CHECKING:
    from cove.testing import FakeEngine
    from cove.workspace.session import Session

DEV = RemoteUser("dev", 1000, 1001, "/home/dev", "/bin/bash", markers={}, container_env={}, shell_env={})


def test_folders_are_made_by_root_for_the_remote_user(session: Session, engine: FakeEngine) -> None:
    container = engine.add_container(labels={"cove.caches": "pip,npm,../etc"})
    assert prepare_caches(session, container, DEV) == {
        "PIP_CACHE_DIR": "/opt/cove/cache/pip/1000",
        "npm_config_cache": "/opt/cove/cache/npm/1000",
    }
    (asked,) = engine.execs
    assert asked.user == "0"
    assert asked.argv == ("/bin/sh", "-c", PREPARE, "cove", "1000", "1001", "pip", "npm")


def test_only_what_is_missing_is_made(session: Session, engine: FakeEngine) -> None:
    container = engine.add_container(labels={"cove.caches": "pip,npm"})
    assert len(prepare_caches(session, container, DEV._replace(caches=frozenset({"pip"})))) == 2
    assert [asked.argv[6:] for asked in engine.execs] == [("npm",)]
    prepare_caches(session, container, DEV._replace(caches=frozenset({"pip", "npm"})))
    assert len(engine.execs) == 1


@pytest.mark.parametrize(
    ("labels", "env"), [({}, {}), ({"cove.caches": "pip"}, {"PIP_CACHE_DIR": "/own"})], ids=["none", "said"]
)
def test_nothing_is_asked_where_there_is_nothing_to_do(
    session: Session, engine: FakeEngine, labels: dict[str, str], env: dict[str, str]
) -> None:
    container = engine.add_container(labels=labels)
    assert prepare_caches(session, container, DEV._replace(shell_env=env)) == {}
    assert engine.execs == []


def test_a_root_without_power_is_told_and_nothing_set(session: Session, engine: FakeEngine) -> None:
    engine.runner.answer("docker exec", code=1, stderr="chown: not permitted")
    container = engine.add_container(labels={"cove.caches": "pip"})
    assert prepare_caches(session, container, DEV) == {}
    assert session.progress.warnings == ["the caches cannot be used in this container: chown: not permitted"]
