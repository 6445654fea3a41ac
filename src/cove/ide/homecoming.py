"""What changed in a workspace's copy of the profile, brought home as data only (see `sharing`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.host import files
from cove.ide.copies import (
    LIST_BYTES,
    SNIPPET_NAME,
    as_list,
    as_settings,
    read_given,
    read_own,
    read_theirs,
    render_json,
    write_given,
    write_own,
)
from cove.ide.extension_list import extension_id, is_ours
from cove.ide.shared import open_shared
from cove.ide.sharing import merge_bindings, merge_settings
from cove.spec.jsonc import parse_jsonc

if TYPE_CHECKING:
    from cove.ide.copies import Settings
    from cove.ide.shared import SharedFolder


class MergeReport(NamedTuple):
    """What came home from a workspace."""

    changed: tuple[str, ...] = ()
    """Settings, `keybindings`, snippet files."""
    kept_out: tuple[str, ...] = ()
    """Sentences, each said once: what stays in that workspace, and why."""
    extensions: tuple[str, ...] = ()
    """Ids that were added to the profile."""
    warnings: tuple[str, ...] = ()


class Homecoming:
    """One workspace's changes on their way into the profile."""

    def __init__(self, data_dir: str, profile: str) -> None:
        self.data_dir = data_dir
        self.profile = profile
        self.given = read_given(data_dir)
        self.changed: list[str] = []
        self.kept_out: list[str] = []
        self.added: tuple[str, ...] = ()
        self.warnings: list[str] = []

    def run(self) -> MergeReport:
        """Bring home what may travel, and remember what both sides now agree on."""
        with open_shared(self.data_dir, "user", "User") as user:
            if user is not None:
                self.settings(user)
                self.bindings(user)
        with open_shared(self.data_dir, "user", "User", "snippets") as folder:
            if folder is not None:
                self.snippets(folder)
        with open_shared(self.data_dir, "extensions") as folder:
            if folder is not None:
                self.extensions(folder)
        fresh = tuple(line for line in self.kept_out if line not in self.given.told)
        self.given = self.given._replace(told=[*self.given.told, *fresh])
        write_given(self.data_dir, self.given)
        return MergeReport(tuple(self.changed), fresh, self.added, tuple(self.warnings))

    def settings(self, user: SharedFolder) -> None:
        """Bring home settings."""
        current = read_theirs(user, "settings.json", self.warnings)
        if not isinstance(current, dict):
            return
        path = f"{self.profile}/settings.json"
        before = as_settings(read_own(path, {}))
        merged, changed, kept_out = merge_settings(before, self.given.settings, current)
        if merged != before:
            write_own(path, merged)
        agreed: Settings = {**self.given.settings}
        for key, value in changed.items():
            agreed.pop(key, None)
            if key in current:
                agreed[key] = value
        self.given = self.given._replace(settings=agreed)
        self.changed += changed
        self.kept_out += [f"setting {key} stays in its workspace: {why}" for key, why in kept_out.items()]

    def bindings(self, user: SharedFolder) -> None:
        """Bring home key bindings."""
        current = read_theirs(user, "keybindings.json", self.warnings)
        if not isinstance(current, list):
            return
        path = f"{self.profile}/keybindings.json"
        before = as_list(read_own(path, []))
        merged, agreed, kept_out = merge_bindings(before, self.given.bindings, current)
        if merged != before:
            write_own(path, merged)
            self.changed.append("keybindings")
        self.given = self.given._replace(bindings=agreed)
        self.kept_out += [f"key binding {key} stays in its workspace: {why}" for key, why in kept_out.items()]

    def snippets(self, folder: SharedFolder) -> None:
        """Bring home snippets; one deleted inside stays in the profile."""
        agreed = dict(self.given.snippets)
        for name in folder.names():
            found = read_theirs(folder, name, self.warnings) if SNIPPET_NAME.fullmatch(name) else None
            if not isinstance(found, dict):
                continue
            text = render_json(found).decode()
            if name not in agreed or found != parse_jsonc(agreed[name], name):
                files.write_atomic(f"{self.profile}/snippets/{name}", text)
                agreed[name] = text
                self.changed.append(f"snippets/{name}")
        self.given = self.given._replace(snippets=agreed)

    def extensions(self, folder: SharedFolder) -> None:
        """Add what the person installed inside, and strike what they removed of what the profile had brought."""
        listed = read_theirs(folder, "extensions.json", self.warnings, LIST_BYTES)
        if not isinstance(listed, list):
            return
        there = {found: is_ours(entry) for entry in listed if (found := extension_id(entry))}
        before = [
            item for item in as_list(read_own(f"{self.profile}/extensions.json", [])) if isinstance(item, str)
        ]
        known = {item.partition("@")[0].lower() for item in before}
        self.added = tuple(name for name, ours in there.items() if not ours and name not in known)
        gone = {name for name in self.given.extensions if name not in there}
        after = [item for item in before if item.partition("@")[0].lower() not in gone]
        if [*after, *self.added] != before:
            write_own(f"{self.profile}/extensions.json", [*after, *self.added])
        self.given = self.given._replace(extensions=[name for name in self.given.extensions if name in there])
