"""Options become changes of the configuration and a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli.devcontainer.bound import make_request, make_stages, read_bound, read_entered
from cove.cli.devcontainer.exec import OPTIONS as EXEC_OPTIONS
from cove.cli.devcontainer.options import parse
from cove.cli.devcontainer.target import open_session, open_target, read_labels, read_target
from cove.cli.devcontainer.up import OPTIONS
from cove.errors import UsageError
from cove.spec.run import Mount

if TYPE_CHECKING:
    from pathlib import Path

    from cove.workspace.plain import PlainRequest
    from cove.workspace.read import Reading


def bind(repository: str, *words: str) -> tuple[Reading, PlainRequest]:
    args = parse("up", "doc", OPTIONS, ("--workspace-folder", repository, *words))
    session = open_session(args)
    target = read_target(session, args)
    labels = read_labels(target, args)
    return read_bound(session, args, target, labels), make_request(session, args, labels)


def test_nothing_said(repository: str) -> None:
    reading, request = bind(repository)
    assert (reading.configuration.features, reading.configuration.layer.update_remote_user_uid) == ({}, None)
    assert (request.mounts, request.gpus, request.env, request.secrets_file) == ((), None, {}, "")


def test_changes(repository: str) -> None:
    reading, request = bind(
        repository,
        "--additional-features",
        json.dumps({"./.devcontainer/x": {}}),
        "--update-remote-user-uid-default",
        "off",
        "--mount",
        "type=volume,source=v,target=/v,external=true",
        "--gpu-availability",
        "none",
        "--remote-env",
        "A=b=c",
        "--secrets-file",
        "s.json",
        "--cache-from",
        "one",
        "--cache-from",
        "two",
        "--cache-to",
        "type=inline",
        "--omit-config-remote-env-from-metadata",
    )
    assert set(reading.configuration.features) == {"./.devcontainer/x"}
    assert reading.configuration.layer.update_remote_user_uid is False
    assert request.mounts == (Mount("volume", "v", "/v"),)
    assert request.gpus is not None
    assert request.gpus.gpus == "none"
    assert request.env == {"A": "b=c"}
    assert request.build is not None
    assert (request.build.cache_from, request.build.cache_to) == (("one", "two"), "type=inline")
    assert not request.label_remote_env
    assert request.secrets_file.endswith("/s.json")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_features_that_are_none(repository: str, text: str) -> None:
    with pytest.raises(UsageError, match="--additional-features"):
        bind(repository, "--additional-features", text)


def test_stages() -> None:
    args = parse("up", "doc", OPTIONS, ("--prebuild", "--skip-post-attach"))
    stages = make_stages(args)
    assert (stages.prebuild, stages.attach, stages.skip, stages.personal) == (True, False, False, True)


def test_a_container_alone_needs_no_file(repository: str, tmp_path: Path) -> None:
    args = parse("exec", "doc", EXEC_OPTIONS, ("--container-id", "c"))
    session, target, labels = open_target(args)
    reading = read_entered(session, args, target, labels)
    assert (reading.workspace_folder, reading.configuration.features, labels) == ("", {}, {})
    config = tmp_path / "x.json"
    for text, folder in (("{}", ""), ('{"workspaceFolder": "/w"}', "/w")):
        config.write_text(text)
        args = parse("exec", "doc", EXEC_OPTIONS, ("--container-id", "c", "--config", str(config)))
        session, target, labels = open_target(args)
        assert read_entered(session, args, target, labels).workspace_folder == folder
