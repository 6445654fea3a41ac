"""A workspace's own copy of the profile."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.ide.code_server import SETTINGS_SEEDS
from cove.ide.extension_list import render_extension
from cove.ide.homecoming import MergeReport
from cove.ide.profile import read_profile_extensions, workspace_data
from cove.ide.store import StoredExtension

if TYPE_CHECKING:
    from conftest import Place
    from cove.host.machine import Machine

HELLO = StoredExtension("acme.hello", "1.0.0", "acme.hello-1.0.0-abc", "/store/acme.hello-1.0.0-abc")


def test_the_copy_has_seeds_below_the_profile(place: Place) -> None:
    place.own("settings.json", '{"editor.fontSize": 15, // mine\n "workbench.startupEditor": "readme",}')
    place.own("keybindings.json", [{"key": "a", "command": "b"}])
    place.own("snippets/python.json", {"x": {"prefix": "x", "body": "y"}})
    assert place.prepare(**{"editor.rulers": [100]}) == ()
    assert place.settings == {**SETTINGS_SEEDS, "editor.fontSize": 15, "workbench.startupEditor": "readme"}
    assert json.loads((place.user / "keybindings.json").read_text()) == [{"key": "a", "command": "b"}]
    assert json.loads((place.user / "snippets" / "python.json").read_text())["x"]["prefix"] == "x"
    assert json.loads((place.data / "user" / "Machine" / "settings.json").read_text()) == {
        "editor.rulers": [100]
    }


def test_any_user_of_the_container_may_write_and_nobody_else_gets_there(place: Place) -> None:
    before = os.umask(0o077)
    try:
        place.prepare()
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.data.parent.stat().st_mode) == 0o700
    for folder in (place.data, place.user, place.user / "globalStorage", place.data / "extensions"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o777
    assert stat.S_IMODE((place.user / "settings.json").stat().st_mode) == 0o666
    assert stat.S_IMODE((place.data.parent / "given.json").stat().st_mode) == 0o600


def test_mistakes_in_the_profile_are_the_persons(place: Place) -> None:
    place.own("settings.json", '{"a": }')
    with pytest.raises(ConfigurationError, match=r"settings\.json:1:7"):
        place.prepare()


def test_an_isolated_workspace_gets_no_paths_and_gives_nothing(place: Place) -> None:
    place.own(
        "settings.json",
        {"editor.fontSize": 15, "some.apiToken": "secret", "python.defaultInterpreterPath": "/x"},
    )
    place.own("keybindings.json", [{"key": "a", "command": "b"}])
    place.prepare(isolated=True)
    assert place.settings == {**SETTINGS_SEEDS, "editor.fontSize": 15}
    assert not (place.user / "keybindings.json").exists()
    place.change(editor__fontSize=30)
    before = sorted(os.listdir(place.profile))
    assert place.merge(isolated=True) == MergeReport()
    assert sorted(os.listdir(place.profile)) == before
    place.prepare(isolated=True)
    assert place.settings["editor.fontSize"] == 30


def test_the_store_is_listed_where_the_container_sees_it(place: Place) -> None:
    place.prepare(extensions=(HELLO,))
    listed = json.loads((place.data / "extensions" / "extensions.json").read_text())
    assert listed == [render_extension(HELLO)]
    assert listed[0]["location"]["path"] == "/opt/cove/extensions/acme.hello-1.0.0-abc"


def test_the_profiles_list_may_be_absent_or_empty(place: Place) -> None:
    assert read_profile_extensions(str(place.profile)) == ()
    place.own("extensions.json", "")
    assert read_profile_extensions(str(place.profile)) == ()
    place.own("extensions.json", ["a.b", 3])
    assert read_profile_extensions(str(place.profile)) == ("a.b",)


def test_workspace_data(machine: Machine) -> None:
    assert workspace_data(machine, "abc") == f"{machine.directories.data}/workspaces/abc/data"
