"""The editor's files and data, prepared before the container is made."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.ide.base import DATA_AT, MOUNTED_AT, SOCKETS_AT, Bundle
from cove.ide.profile import workspace_data
from cove.settings.settings import Settings
from cove.spec.layer import Layer
from cove.spec.merge import merge_layers
from cove.workspace.editor import (
    PORT_INSIDE,
    bring_home,
    choose_way,
    fetch_bundle,
    furnish,
    is_isolated,
    wanted_extensions,
    wanted_settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.testing import FakeEngine
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

BUNDLE = Bundle("/cache/ide/x", "code-server", "4.1", "amd64", "glibc", "0", "release")
LAYERS = (
    {"vscode": {"extensions": ["a.one", "b.two", 3], "settings": {"x": 1, "y": {"z": 1}}}},
    {"jetbrains": {}},
    {"vscode": {"extensions": ["b.two", "c.three"], "settings": {"y": 2}}},
    {"vscode": {"extensions": "a.one", "settings": []}},
    {"vscode": "odd"},
)


def test_extensions_of_all_layers_each_once() -> None:
    assert wanted_extensions(LAYERS) == ["a.one", "b.two", "c.three"]


def test_settings_of_later_layers_win_key_by_key() -> None:
    assert wanted_settings(LAYERS) == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("wanted", "remote", "expected"),
    [
        ("", False, "socket"),
        ("", True, "exec"),
        ("socket", True, "socket"),
        ("exec", False, "exec"),
        ("port", True, "port"),
    ],
)
def test_way(wanted: str, remote: bool, expected: str) -> None:
    assert choose_way(wanted, remote=remote) == expected


@pytest.mark.parametrize(
    ("setting", "said", "expected"),
    [
        (False, "", False),
        (True, "", True),
        (False, ', "customizations": {"cove": {"isolated": true}}', True),
    ],
)
def test_isolated(
    session: Session, read: Callable[..., Reading], setting: bool, said: str, expected: bool
) -> None:
    session.settings = Settings(isolated=setting)
    assert is_isolated(session, read(f'{{"image": "debian"{said}}}')) is expected


def test_files_on_this_machine_are_no_step(
    session: Session, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.told = engine.told._replace(arch="arm64")
    asked: list[object] = []

    def ensure(machine: object, sources: object, **words: object) -> Bundle:
        asked.append((sources, words["arch"]))
        return BUNDLE

    monkeypatch.setattr("cove.ide.bundle.ensure_bundle", ensure)
    session.settings = Settings(ide_source="/a.tar.gz", certificates=("/ca.pem",))
    monkeypatch.setattr("cove.ide.bundle.find_bundle", lambda *_, **__: BUNDLE)
    assert fetch_bundle(session) == BUNDLE
    assert (asked, session.progress.timings) == ([], {})
    monkeypatch.setattr("cove.ide.bundle.find_bundle", lambda *_, **__: None)
    assert fetch_bundle(session) == BUNDLE
    ((sources, arch),) = asked  # type: ignore[misc]  # filled above
    assert (sources.source, sources.ca_files, arch) == ("/a.tar.gz", ("/ca.pem",), "arm64")
    assert set(session.progress.timings) == {"editor"}


NOTHING = merge_layers(())
PORTS = Layer(
    customizations={"vscode": {"settings": {"x": 1}}}, ports_attributes={"6006": {"label": "TensorBoard"}}
)


def test_furnished_by_socket(session: Session, read: Callable[..., Reading]) -> None:
    reading = read('{"image": "debian"}')
    editor = furnish(session, reading, merge_layers((PORTS,)), BUNDLE, isolated=False)
    data = workspace_data(session.machine, reading.address.id)
    assert {mount.target: (mount.source, mount.read_only) for mount in editor.mounts} == {
        f"{MOUNTED_AT}/ide": (BUNDLE.path, True),
        f"{MOUNTED_AT}/extensions": (f"{session.machine.directories.cache}/extensions", True),
        DATA_AT: (data, False),
        SOCKETS_AT: (f"{session.machine.directories.run}/{reading.address.id}/s", False),
    }
    assert (editor.label, editor.publish, editor.request.secret) == ("code-server 4.1", (), "")
    with open(f"{data}/user/Machine/settings.json") as file:
        settings = json.load(file)
    assert settings["x"] == 1
    assert settings["remote.portsAttributes"] == {"6006": {"label": "TensorBoard"}}
    assert "remote.otherPortsAttributes" not in settings
    (schema,) = settings["json.schemas"]
    assert "devcontainer.json" in schema["fileMatch"]
    assert "customizations" in schema["schema"]["properties"]


def test_furnished_by_port_with_a_secret_that_is_nowhere_in_words(
    session: Session, read: Callable[..., Reading]
) -> None:
    session.settings = Settings(way="port")
    editor = furnish(session, read('{"image": "debian"}'), NOTHING, BUNDLE, isolated=False)
    assert editor.publish == (f"127.0.0.1::{PORT_INSIDE}",)
    assert len(editor.request.secret) > 20
    assert editor.request.secret not in str(editor.launch.argv)
    assert editor.launch.env["COVE_SECRET"] == editor.request.secret


@pytest.mark.parametrize(("isolated", "expected"), [(False, ["b.two", "own.one"]), (True, ["b.two"])])
def test_extensions_of_configuration_and_profile(
    session: Session,
    read: Callable[..., Reading],
    monkeypatch: pytest.MonkeyPatch,
    isolated: bool,
    expected: list[str],
) -> None:
    wanted: list[str] = []

    class Collected:
        stored = ()
        warnings = ("b.two is not in the gallery",)

    def collect(names: list[str], *_: object, **__: object) -> type[Collected]:
        wanted.extend(names)
        return Collected

    monkeypatch.setattr("cove.ide.extensions.collect_extensions", collect)
    profile = f"{session.machine.directories.config}/profile"
    os.makedirs(profile)
    with open(f"{profile}/extensions.json", "w") as file:
        json.dump(["own.one"], file)
    merged = merge_layers((Layer(customizations={"vscode": {"extensions": ["b.two"]}}),))
    furnish(session, read('{"image": "debian"}'), merged, BUNDLE, isolated=isolated)
    assert wanted == expected
    assert session.progress.warnings == ["b.two is not in the gallery"]


def test_what_changed_in_the_workspace_comes_home(session: Session, read: Callable[..., Reading]) -> None:
    reading = read('{"image": "debian"}')
    editor = furnish(session, reading, NOTHING, BUNDLE, isolated=False)
    with open(f"{editor.data}/user/User/settings.json", "w") as file:
        json.dump({"editor.fontSize": 9}, file)
    bring_home(session, reading.address.id, isolated=True)
    assert not os.path.exists(f"{session.machine.directories.config}/profile/settings.json")
    bring_home(session, reading.address.id)
    with open(f"{session.machine.directories.config}/profile/settings.json") as file:
        assert json.load(file)["editor.fontSize"] == 9
