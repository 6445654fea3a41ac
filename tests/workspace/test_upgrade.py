"""Releases told by a registry, and a lockfile of the newest."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from testbed.collection import served_collection

from cove.errors import ConfigurationError
from cove.settings.settings import Settings
from cove.spec.outdated import Versions
from cove.workspace.features import Wish
from cove.workspace.upgrade import read_outdated, render_upgrade, write_upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.collection import Collection

    from cove.workspace.session import Session


@pytest.fixture
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with served_collection(tmp_path_factory.mktemp("registry")) as server:
        yield server


def test_outdated(session: Session, collection: Collection, tmp_path: Path) -> None:
    collection.publish("f/tool", "1.0.0")
    digest = collection.publish("f/tool", "1.2.0")
    plain = collection.publish("f/plain", "0.1.0", annotated=False)
    tool = f"{collection.name}/f/tool"
    lock = {"version": "1.0.0", "resolved": f"{tool}@{digest}", "integrity": digest}
    (tmp_path / "devcontainer-lock.json").write_text(json.dumps({"features": {f"{tool}:1": lock}}))
    names = [
        f"{tool}:1",
        f"{tool}@{digest}",
        f"{collection.name}/f/plain@{plain}",
        f"{tool}@sha256:{'0' * 64}",
    ]
    names += [f"{collection.name}/f/none", "./local", "legacy"]
    found = read_outdated(session, f"{tmp_path}/devcontainer.json", names)
    assert list(found.values()) == [
        Versions("1.0.0", "1.2.0", "1.2.0"),
        Versions("1.2.0", "1.2.0", "1.2.0"),
        Versions("", "", "0.1.0"),
        Versions("", "", "1.2.0"),
        Versions(),
    ]


def test_a_lockfile_that_cannot_be_read(session: Session, tmp_path: Path) -> None:
    (tmp_path / "devcontainer-lock.json").mkdir()
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_outdated(session, f"{tmp_path}/devcontainer.json", [])


def test_the_lockfile_anew(session: Session, collection: Collection, tmp_path: Path) -> None:
    session.settings = Settings(certificates=(str(collection.authority),))
    digest = collection.publish("f/tool", "1.2.0")
    name = f"{collection.name}/f/tool:1"
    path = f"{tmp_path}/devcontainer.json"
    (tmp_path / "devcontainer-lock.json").write_text("not even JSON")
    wish = Wish(path, {name: {}}, session.machine.owner)
    text = render_upgrade(session, wish)
    assert json.loads(text)["features"][name]["integrity"] == digest
    write_upgrade(wish, text)
    written = tmp_path / "devcontainer-lock.json"
    assert written.read_text() == text
    assert os.stat(written).st_uid == session.machine.owner.uid
    with pytest.raises(ConfigurationError, match="Failed to update lockfile"):
        render_upgrade(session, wish._replace(features={}))
