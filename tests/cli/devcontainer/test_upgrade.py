"""`cove devcontainer upgrade`; tests/live/test_reference_upgrade.py compares with the reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testbed.collection import served_collection

from cove.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.collection import Collection

    from cove.testing import FakeEngine

    from .conftest import Call


@pytest.fixture
def collection(
    tmp_path_factory: pytest.TempPathFactory, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Collection]:
    with served_collection(tmp_path_factory.mktemp("registry")) as server:
        server.publish("f/tool", "1.2.0")
        server.publish("f/tool", "2.0.0")
        monkeypatch.setenv("COVE_CERTIFICATES", str(server.authority))
        yield server


def test_written_or_printed(repository: str, collection: Collection, call: Call) -> None:
    name = f"{collection.name}/f/tool:1"
    config = Path(repository, ".devcontainer.json")
    config.write_text(json.dumps({"features": {name: {}}}))
    where = ("--workspace-folder", repository)
    lock = Path(repository, ".devcontainer-lock.json")
    assert call("upgrade", *where, "--dry-run")["features"][name]["version"] == "1.2.0"
    assert not lock.exists()
    assert main(["devcontainer", "upgrade", *where, "-f", f"{collection.name}/f/tool", "-v", "2"]) == 0
    pinned = f"{collection.name}/f/tool:2"
    assert json.loads(config.read_text()) == {"features": {pinned: {}}}
    assert json.loads(lock.read_text())["features"][pinned]["version"] == "2.0.0"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Failed to update lockfile"),
        (("--feature", "a"), "must be used together"),
        (("--feature", "a", "--target-version", "v1"), "Invalid version 'v1'"),
        (("--config", "none.json"), "not found"),
    ],
)
def test_refused(
    repository: str, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devcontainer", "upgrade", "--workspace-folder", repository, *words]) == 1
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
