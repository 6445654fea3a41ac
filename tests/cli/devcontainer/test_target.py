"""Which file, which container; what the files say is compared in test_read_configuration.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.cli.devcontainer.options import parse
from cove.cli.devcontainer.read_configuration import OPTIONS
from cove.cli.devcontainer.target import find_container, open_session, read_labels, read_target
from cove.errors import UsageError
from cove.spec.identity import identity_labels

if TYPE_CHECKING:
    import argparse

    from cove.testing import FakeEngine


def given(*words: str) -> argparse.Namespace:
    return parse("read-configuration", "doc", OPTIONS, words)


def test_the_label_of_older_tools_counts_where_there_is_no_newer(repository: str, engine: FakeEngine) -> None:
    args = given("--workspace-folder", repository)
    session = open_session(args)
    labels = read_labels(read_target(session, args), args)
    assert labels == identity_labels(repository, f"{repository}/.devcontainer.json")
    assert find_container(session, args, labels) is None
    other = {"devcontainer.local_folder": repository, "devcontainer.config_file": "/another"}
    engine.add_container(labels=other)
    assert find_container(session, args, labels) is None
    older = engine.add_container(labels={"devcontainer.local_folder": repository})
    assert find_container(session, args, labels) == older
    newer = engine.add_container(labels=labels)
    assert find_container(session, args, labels) == newer


def test_nothing_named(engine: FakeEngine) -> None:
    args = given("--override-config", "x")
    target = read_target(open_session(args), given("--container-id", "c"))
    with pytest.raises(UsageError, match="Either containerId or workspaceFolder"):
        read_labels(target, args)


@pytest.mark.parametrize(
    ("path", "engine_name"), [("", ""), ("/usr/bin/podman", "podman"), ("docker", "docker")]
)
def test_the_engine(engine: FakeEngine, path: str, engine_name: str) -> None:
    session = open_session(given("--docker-path", path))
    assert session.settings.engine == engine_name
    assert session.consent.trust, "as the reference, which asks nobody"
