"""Options become changes of the configuration and a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli.devcontainer.bound import make_request, make_stages, read_bound
from cove.cli.devcontainer.options import parse
from cove.cli.devcontainer.target import open_session, read_labels, read_target
from cove.cli.devcontainer.up import OPTIONS
from cove.errors import UsageError
from cove.spec.run import Mount

if TYPE_CHECKING:
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
    )
    assert set(reading.configuration.features) == {"./.devcontainer/x"}
    assert reading.configuration.layer.update_remote_user_uid is False
    assert request.mounts == (Mount("volume", "v", "/v"),)
    assert request.gpus is not None
    assert request.gpus.gpus == "none"
    assert request.env == {"A": "b=c"}
    assert request.secrets_file.endswith("/s.json")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_features_that_are_none(repository: str, text: str) -> None:
    with pytest.raises(UsageError, match="--additional-features"):
        bind(repository, "--additional-features", text)


def test_stages() -> None:
    args = parse("up", "doc", OPTIONS, ("--prebuild", "--skip-post-attach"))
    stages = make_stages(args)
    assert (stages.prebuild, stages.attach, stages.skip, stages.personal) == (True, False, False, True)
