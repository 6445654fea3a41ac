"""A configuration's Features: found, ordered, locked."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.workspace.features import LockOptions, local_files, resolve_features

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.workspace.read import Reading
    from cove.workspace.session import Session


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Write a local Feature beside the configuration: `write("hello", dependsOn={…})`."""

    def write(name: str, **more: object) -> None:
        folder = tmp_path / "digits" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "devcontainer-feature.json").write_text(
            json.dumps({"id": name, "version": "1.0.0", **more})
        )
        (folder / "install.sh").write_text("#!/bin/sh\n")

    return write


def config(features: object, **more: object) -> str:
    return json.dumps({"image": "debian", "features": features, **more})


def test_found_ordered_and_with_all_they_depend_on(
    session: Session, read: Callable[..., Reading], write: Callable[..., None], tmp_path: Path
) -> None:
    write("a", dependsOn={"./z": {"flag": True}}, init=True)
    write("b")
    write("z", postCreateCommand="z")
    found = resolve_features(session, read(config({"./a": {}, "./b": "2"})), LockOptions())
    assert [node.wanted for node in found.order] == [
        ("./b", {"version": "2"}),
        ("./z", {"flag": True}),
        ("./a", {}),
    ]
    assert found.folders == tuple(f"{tmp_path}/digits/{name}" for name in "bza")
    assert [layer.id for layer in found.layers] == ["./b", "./z", "./a"]
    assert found.layers[2].init is True
    assert not os.path.exists(f"{tmp_path}/digits/.devcontainer-lock.json")  # local ones are not locked


def test_the_persons_order(
    session: Session, read: Callable[..., Reading], write: Callable[..., None]
) -> None:
    write("a")
    write("b")
    reading = read(config({"./a": {}, "./b": {}}, overrideFeatureInstallOrder=["./b"]))
    assert [node.wanted.text for node in resolve_features(session, reading, LockOptions()).order] == [
        "./b",
        "./a",
    ]


def test_what_a_person_should_know(
    session: Session, read: Callable[..., Reading], write: Callable[..., None]
) -> None:
    write("old", deprecated=True, currentId="new", options={"known": {"type": "string"}})
    resolve_features(session, read(config({"./old": {"known": "x", "knwon": "y"}})), LockOptions())
    assert session.progress.warnings == [
        "the Feature ./old is deprecated: it gets no further updates",
        "the Feature ./old has been renamed to new",
        "the Feature ./old has no option `knwon`; it is passed on all the same",
    ]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"node": {}}, r"\.devcontainer\.json:1:\d+: the Feature `node` is named in the old way"),
        ({"./absent": {}}, "is no Feature"),
        ({"./a": {"x": 3}}, r"features\.\./a\.x` must be a string"),
    ],
)
def test_mistakes_have_their_place(
    session: Session, read: Callable[..., Reading], features: object, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        resolve_features(session, read(config(features)), LockOptions())


def test_a_frozen_lockfile_must_be_there_and_fit(
    session: Session, read: Callable[..., Reading], write: Callable[..., None], tmp_path: Path
) -> None:
    write("a")
    reading = read(config({"./a": {}}))
    with pytest.raises(ConfigurationError, match=r"\.devcontainer-lock\.json: there is no lockfile"):
        resolve_features(session, reading, LockOptions(frozen=True))
    lock = tmp_path / "digits" / ".devcontainer-lock.json"
    lock.write_text('{"features": {}}')
    resolve_features(session, reading, LockOptions(frozen=True))
    sha = "sha256:" + "a" * 64
    entry = {"version": "1", "resolved": f"ghcr.io/x/gone@{sha}", "integrity": sha}
    lock.write_text(json.dumps({"features": {"ghcr.io/x/gone": entry}}))
    with pytest.raises(ConfigurationError, match="does not fit"):
        resolve_features(session, reading, LockOptions(frozen=True))
    resolve_features(session, reading, LockOptions(ignored=True))
    assert "gone" in lock.read_text()
    resolve_features(session, reading, LockOptions())
    assert json.loads(lock.read_text()) == {"features": {}}


def test_files_that_a_change_of_asks_for_a_rebuild(write: Callable[..., None], tmp_path: Path) -> None:
    write("a")
    here = f"{tmp_path}/digits"
    found = local_files({"./a": {}, "ghcr.io/x/y": {}}, f"{here}/.devcontainer.json")
    assert found == [
        f"{here}/.devcontainer-lock.json",
        f"{here}/a/devcontainer-feature.json",
        f"{here}/a/install.sh",
    ]
    assert local_files({}, f"{here}/.devcontainer.json") == []
