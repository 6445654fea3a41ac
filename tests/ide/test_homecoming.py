"""The way home from a workspace into the profile, and what a container may plant on it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cove.ide.copies import FILE_BYTES
from cove.ide.extension_list import render_extension
from cove.ide.homecoming import MergeReport
from cove.ide.profile import read_profile_extensions
from cove.ide.store import StoredExtension

if TYPE_CHECKING:
    from conftest import Place

HELLO = StoredExtension("acme.hello", "1.0.0", "acme.hello-1.0.0-abc", "/store/acme.hello-1.0.0-abc")


def installed(name: str) -> dict[str, object]:
    return {
        "identifier": {"id": name, "uuid": "x"},
        "version": "2.0.0",
        "location": {"$mid": 1, "path": f"/var/lib/cove/extensions/{name}-2.0.0", "scheme": "file"},
        "metadata": {"source": "gallery"},
    }


def test_a_change_comes_home_and_reaches_the_next_workspace(two_places: tuple[Place, Place]) -> None:
    one, two = two_places
    one.prepare()
    one.change(editor__fontSize=22)
    assert one.merge().changed == ("editor.fontSize",)
    assert one.read_own("settings.json") == {"editor.fontSize": 22}
    two.prepare()
    assert two.settings["editor.fontSize"] == 22
    assert one.merge().changed == ()


def test_two_workspaces_do_not_undo_each_other(two_places: tuple[Place, Place]) -> None:
    one, two = two_places
    one.prepare()
    two.prepare()
    one.change(editor__fontSize=22)
    two.change(editor__tabSize=8)
    one.merge()
    two.merge()
    one.merge()
    assert one.read_own("settings.json") == {"editor.fontSize": 22, "editor.tabSize": 8}
    two.change(editor__fontSize=9)
    two.merge()
    one.merge()
    assert one.read_own("settings.json") == {"editor.fontSize": 9, "editor.tabSize": 8}


def test_a_removed_setting_is_removed_and_seeds_do_not_come_home(place: Place) -> None:
    place.own("settings.json", {"editor.fontSize": 15, "editor.tabSize": 2})
    place.prepare()
    place.change(editor__fontSize=None)
    assert place.merge().changed == ("editor.fontSize",)
    assert place.read_own("settings.json") == {"editor.tabSize": 2}
    place.own("settings.json", {"editor.fontSize": 30, "editor.tabSize": 2})
    assert place.merge().changed == ()
    assert place.read_own("settings.json") == {"editor.fontSize": 30, "editor.tabSize": 2}


def test_what_could_run_elsewhere_stays_and_is_said_once(place: Place) -> None:
    place.own("settings.json", {"terminal.integrated.defaultProfile.linux": "zsh"})
    place.prepare()
    place.change(terminal__integrated__defaultProfile__linux="evil", python__defaultInterpreterPath="evil")
    report = place.merge()
    assert report.changed == ()
    assert len(report.kept_out) == 2
    assert "python.defaultInterpreterPath" in report.kept_out[0]
    assert place.read_own("settings.json") == {"terminal.integrated.defaultProfile.linux": "zsh"}
    assert place.merge().kept_out == ()
    place.prepare()
    assert place.settings["python.defaultInterpreterPath"] == "evil"


def test_comments_of_the_profile_are_kept_beside(place: Place) -> None:
    text = '{"editor.tabSize": 2} // two, always'
    place.own("settings.json", text)
    place.prepare()
    place.change(editor__fontSize=22)
    place.merge()
    assert (place.profile / "settings.json.before").read_text() == text
    assert place.read_own("settings.json") == {"editor.fontSize": 22, "editor.tabSize": 2}


def test_key_bindings_and_snippets_come_home(place: Place) -> None:
    place.prepare()
    good, evil = {"key": "a", "command": "editor.x"}, {"key": "b", "command": "runCommands", "args": {}}
    (place.user / "keybindings.json").write_text(json.dumps([good, evil]))
    (place.user / "snippets" / "mine.code-snippets").write_text('{"x": {"body": "y",}}')
    (place.user / "snippets" / "..evil").write_text("{}")
    (place.user / "snippets" / "list.json").write_text("[]")
    report = place.merge()
    assert report.changed == ("keybindings", "snippets/mine.code-snippets")
    assert place.read_own("keybindings.json") == [good]
    assert place.read_own("snippets/mine.code-snippets") == {"x": {"body": "y"}}
    assert os.listdir(place.profile / "snippets") == ["mine.code-snippets"]
    place.prepare()
    assert json.loads((place.user / "keybindings.json").read_text()) == [good, evil]
    assert place.merge() == MergeReport()


def test_nothing_given_nothing_taken(place: Place) -> None:
    assert place.merge() == MergeReport()
    place.user.mkdir(parents=True)
    (place.user / "settings.json").write_text('{"editor.fontSize": 1}')
    assert place.merge() == MergeReport()
    assert not place.profile.exists()


# What a container may plant


def test_planted_files_hurt_nobody(place: Place, tmp_path: Path) -> None:
    place.own("settings.json", {"editor.fontSize": 15})
    place.prepare()
    secret = tmp_path / "secret.json"
    secret.write_text('{"token": "x"}')
    plants = {
        "link": lambda path: path.symlink_to(secret),
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
        "huge": lambda path: path.write_bytes(b" " * (FILE_BYTES + 1)),
        "broken": lambda path: path.write_text('{"a": '),
        "deep": lambda path: path.write_text("[" * 100_000),
        "binary": lambda path: path.write_bytes(bytes(range(256))),
    }
    for plant in plants.values():
        path = place.user / "settings.json"
        path.unlink()
        plant(path)
        report = place.merge()
        assert (report.changed, len(report.warnings)) == ((), 1)
        assert place.read_own("settings.json") == {"editor.fontSize": 15}
        warnings = place.prepare()
        assert len(warnings) == 1
        assert "settings.json.broken" in warnings[0]
        assert place.settings["editor.fontSize"] == 15
        broken = place.user / "settings.json.broken"
        broken.rmdir() if broken.is_dir() else broken.unlink()
    assert secret.read_text() == '{"token": "x"}'


def test_a_planted_folder_link_is_neither_read_nor_written(place: Place, tmp_path: Path) -> None:
    place.prepare()
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.json").write_text('{"editor.fontSize": 99}')
    os.rename(place.user, f"{place.user}.gone")
    place.user.symlink_to(home)
    assert place.merge().changed == ()
    place.prepare()
    assert (home / "settings.json").read_text() == '{"editor.fontSize": 99}'
    assert sorted(os.listdir(home)) == ["settings.json"]


def test_lists_of_nonsense_are_ignored(place: Place) -> None:
    place.prepare()
    (place.user / "settings.json").write_text("[1, 2]")
    (place.user / "keybindings.json").write_text('{"a": 1}')
    nonsense = [3, None, {"identifier": 3}, {"identifier": {"id": "../x"}}, {"identifier": {"id": 4}}]
    (place.data / "extensions" / "extensions.json").write_text(json.dumps(nonsense))
    assert place.merge() == MergeReport()
    place.prepare()
    assert json.loads((place.data / "extensions" / "extensions.json").read_text()) == []


def test_what_the_person_installs_comes_home_and_what_they_remove_goes(place: Place) -> None:
    place.own("extensions.json", ["acme.hello", "acme.stays@1.0.0"])
    stays = HELLO._replace(id="acme.stays", folder="acme.stays-1.0.0-abc")
    place.prepare(extensions=(HELLO, stays))
    path = place.data / "extensions" / "extensions.json"
    path.write_text(json.dumps([render_extension(stays), installed("Acme.New")]))
    (place.data / "extensions" / ".obsolete").write_text('{"acme.hello-1.0.0": true, "own.x-1": true}')
    report = place.merge()
    assert report.extensions == ("acme.new",)
    assert read_profile_extensions(str(place.profile)) == ("acme.stays@1.0.0", "acme.new")
    assert place.merge().extensions == ()
    place.prepare(extensions=(HELLO, stays))
    assert [entry["identifier"]["id"] for entry in json.loads(path.read_text())] == [
        "Acme.New",
        "acme.hello",
        "acme.stays",
    ]
    assert json.loads((place.data / "extensions" / ".obsolete").read_text()) == {"own.x-1": True}
