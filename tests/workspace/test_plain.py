"""A container as the specification alone describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.errors import NotFound
from cove.workspace.plain import (
    PlainRequest,
    Stages,
    bring_plain,
    enter_plain,
    need_container,
    run_stages,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

LABELS = {"me": "1"}
CONFIG = (
    '{"image": "debian", "remoteEnv": {"A": "file"}, "waitFor": "postCreateCommand", "remoteUser": "dev"}'
)


@pytest.fixture
def reading(read: Callable[..., Reading], engine: FakeEngine) -> Reading:
    engine.add_image("debian")
    return read(CONFIG)


def test_made_without_anything_of_coves(session: Session, engine: FakeEngine, reading: Reading) -> None:
    plain = bring_plain(session, reading, PlainRequest(LABELS, env={"A": "given", "B": "given"}), None)
    (container,) = engine.there.values()
    assert plain.container.id == container.id
    assert set(container.labels) == {"me", "cove.owner", "devcontainer.metadata"}
    assert (plain.inside.env["A"], plain.inside.env["B"]) == ("file", "given")


def test_what_the_file_says_of_the_environment_may_stay_out_of_the_label(
    session: Session, engine: FakeEngine, reading: Reading
) -> None:
    plain = bring_plain(session, reading, PlainRequest(LABELS, label_remote_env=False), None)
    (entry,) = json.loads(plain.container.labels["devcontainer.metadata"])
    assert entry == {"waitFor": "postCreateCommand", "remoteUser": "dev"}
    assert plain.inside.env["A"] == "file"


def test_a_stopped_one_is_started(session: Session, engine: FakeEngine, reading: Reading) -> None:
    there = engine.add_container(labels=LABELS, state="exited")
    assert bring_plain(session, reading, PlainRequest(LABELS), there).container.running


def test_what_its_label_says_counts_and_the_file_may_change_a_little(
    session: Session, engine: FakeEngine, reading: Reading
) -> None:
    metadata = json.dumps([{"remoteUser": "label", "userEnvProbe": "none", "postCreateCommand": "x"}])
    there = engine.add_container(labels={**LABELS, "devcontainer.metadata": metadata})
    plain = enter_plain(session, reading, PlainRequest(LABELS, probe="loginShell"), there)
    assert (plain.merged.remote_user, plain.merged.user_env_probe) == ("dev", "none")
    assert plain.merged.wait_for == "updateContentCommand", "the file's word came too late"
    assert any(plain.merged.hooks["postCreateCommand"])


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (Stages(), "done"),
        (Stages(skip=True), "done"),
        (Stages(prebuild=True), "prebuild"),
        (Stages(blocking_only=True), "skipNonBlocking"),
        (Stages(blocking_only=True, prebuild=True), "prebuild"),
        (Stages(personal=False), "stopForPersonalization"),
    ],
)
def test_the_references_words(
    session: Session, engine: FakeEngine, reading: Reading, stages: Stages, expected: str
) -> None:
    plain = bring_plain(session, reading, PlainRequest(LABELS), None)
    told: list[bool] = []
    assert run_stages(session, plain, stages, lambda: told.append(True)) == expected
    assert told == [True]


def test_a_container_of_others(session: Session, engine: FakeEngine, reading: Reading) -> None:
    """Without labels that make it ours, the whole file counts; without a known folder, the user's home does."""
    there = engine.add_container(labels={"devcontainer.metadata": '[{"init": true}]'}, user="root")
    plain = enter_plain(session, reading._replace(workspace_folder=""), PlainRequest({}), there)
    assert plain.merged.wait_for == "postCreateCommand"
    assert plain.inside.folder == plain.record.workspace_folder == "/home/dev"


def test_it_must_be_there_and_run(engine: FakeEngine) -> None:
    with pytest.raises(NotFound, match="Dev container not found"):
        need_container(None)
    with pytest.raises(NotFound, match="is exited"):
        need_container(engine.add_container(state="exited"))
