"""`cove devcontainer set-up`; tests/live/test_reference_set_up.py compares with the reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.testing import FakeEngine

    from .conftest import Call

METADATA = json.dumps([{"remoteUser": "dev", "postCreateCommand": "post", "remoteEnv": {"A": "image"}}])


@pytest.fixture
def container(engine: FakeEngine) -> str:
    """A container that somebody made."""
    return engine.add_container(labels={"devcontainer.metadata": METADATA}, env={"P": "/bin"}).id


def test_metadata_alone(container: str, call: Call, ran: Callable[[], list[str]]) -> None:
    assert call("set-up", "--container-id", container) == {"outcome": "success"}
    assert ran() == ["post"]


def test_a_file_that_names_no_image(
    container: str, call: Call, ran: Callable[[], list[str]], tmp_path: Path
) -> None:
    config = tmp_path / "d.json"
    config.write_text('{"remoteEnv": {"A": "file", "B": "${containerEnv:P}"}, "onCreateCommand": "on"}')
    show = ("--include-configuration", "--include-merged-configuration")
    found = call("set-up", "--container-id", container, "--config", str(config), *show)
    assert ran() == ["on", "post"]
    assert found["configuration"]["remoteEnv"] == {"A": "file", "B": "/bin"}
    assert found["configuration"]["configFilePath"]["scheme"] == "file"
    merged = found["mergedConfiguration"]
    assert (merged["remoteUser"], merged["remoteEnv"]) == ("dev", {"A": "file", "B": "/bin"})
    assert (merged["onCreateCommands"], merged["postCreateCommands"]) == (["on"], ["post"])


def test_nothing_is_run(container: str, call: Call, ran: Callable[[], list[str]]) -> None:
    call("set-up", "--container-id", container, "--skip-post-create")
    assert ran() == []


def test_refused(container: str, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("set-up", "--container-id", "none", code=1)["message"] == "Dev container not found."
    assert call("set-up", "--container-id", container, "--config", "none.json", code=1)["outcome"] == "error"
    for words in ((), ("--container-id", container, "--workspace-folder", "/")):
        assert main(["devcontainer", "set-up", *words]) == 1
        assert capsys.readouterr().out == ""
