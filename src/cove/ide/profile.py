"""The person's profile, and each workspace's own copy of it.

The profile (`config/profile/`: settings.json, keybindings.json, snippets/, extensions.json with a list of ids) is the
master. A workspace starts with a copy in a folder that its container can write, and what was given is remembered
beside that folder, out of the container's reach; so a later look tells what changed there. Changes come home as data
only: see `sharing`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.host import files
from cove.ide import code_server
from cove.ide.copies import (
    LIST_BYTES,
    Given,
    as_list,
    as_settings,
    given_path,
    read_given,
    read_own,
    read_profile,
    read_replaceable,
    render_json,
    write_given,
)
from cove.ide.extension_list import merge_extension_list, revive_extensions
from cove.ide.homecoming import Homecoming, MergeReport
from cove.ide.shared import open_shared
from cove.ide.sharing import overlay_local

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.host.machine import Machine
    from cove.ide.store import StoredExtension
    from cove.spec.jsonc import JsonValue

FOLDERS = (
    ("user", "User", "snippets"),
    ("user", "User", "globalStorage"),
    ("user", "User", "workspaceStorage"),
    ("user", "User", "History"),
    ("user", "Machine"),
    ("user", "logs"),
    ("user", "CachedProfilesData"),
    ("user", "code-server"),
    ("extensions",),
    ("home",),
)
"""Made by the host, open for all, so that a container with another user finds them writable too."""


def workspace_data(machine: Machine, workspace_id: str) -> str:
    """Return the host's folder of a workspace's editor data."""
    return f"{machine.directories.data}/workspaces/{workspace_id}/data"


def read_profile_extensions(profile: str) -> tuple[str, ...]:
    """Return the ids of the extensions that the person wants everywhere. Raises ConfigurationError."""
    listed = read_own(f"{profile}/extensions.json", [])
    return tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()


def prepare_data(
    profile: str,
    data_dir: str,
    *,
    machine_settings: Mapping[str, JsonValue],
    isolated: bool,
    extensions: Sequence[StoredExtension] = (),
    seeds: Mapping[str, bool | str | int] = code_server.SETTINGS_SEEDS,
) -> tuple[str, ...]:
    """Write a workspace's own copy before its editor starts; return warnings, as sentences.

    What the workspace has made its own (and what could not travel home) stays. An isolated one gets of the profile
    only what could travel, so no path and no token of the person's. Raises ConfigurationError when the profile's own
    files are wrong: the person wrote those.
    """
    files.make_private_directory(os.path.dirname(data_dir))
    os.makedirs(data_dir, exist_ok=True)
    if os.stat(data_dir).st_uid == os.geteuid():
        os.chmod(data_dir, 0o777)  # noqa: S103 - any user of the container writes here; the folder above is private
    own = read_profile(profile, isolated=isolated)
    given = read_given(data_dir)
    warnings: list[str] = []
    wanted = Given(
        settings={**seeds, **own.settings},
        machine=dict(machine_settings),
        bindings=own.bindings,
        snippets=own.snippets,
        extensions=[stored.id for stored in extensions],
        told=given.told,
    )
    try:
        _lay_out(data_dir, wanted, given, extensions, warnings)
    except OSError as error:
        warnings.append(
            f"the editor's settings could not be written ({error.strerror}: {error.filename or data_dir}): "
            "another user of the container owns them; `cove rm` and `cove up` make them anew"
        )
    write_given(data_dir, wanted)
    return tuple(warnings)


def merge_back(data_dir: str, profile: str, *, isolated: bool) -> MergeReport:
    """Bring what changed in a workspace home into the profile; of an isolated one, nothing.

    Safe against other cove processes, and against whatever the container put into its folder.
    """
    if isolated or not os.path.exists(given_path(data_dir)):
        return MergeReport()
    with files.locked(f"{profile}/.lock"):
        return Homecoming(data_dir, profile).run()


def _lay_out(
    data_dir: str, wanted: Given, given: Given, extensions: Sequence[StoredExtension], warnings: list[str]
) -> None:
    for names in FOLDERS:
        with open_shared(data_dir, *names, make=True):
            pass
    with open_shared(data_dir, "user", "User") as user:
        assert user is not None
        current = read_replaceable(user, "settings.json", warnings)
        settings = overlay_local(wanted.settings, given.settings, as_settings(current))
        user.write("settings.json", render_json(settings))
        current = read_replaceable(user, "keybindings.json", warnings)
        own = [
            item for item in as_list(current) if item not in given.bindings and item not in wanted.bindings
        ]
        if wanted.bindings or own or current is not None:
            user.write("keybindings.json", render_json([*wanted.bindings, *own]))
    with open_shared(data_dir, "user", "User", "snippets") as folder:
        assert folder is not None
        for name, text in wanted.snippets.items():
            if given.snippets.get(name) != text or name not in folder.names():
                folder.write(name, text.encode())
    with open_shared(data_dir, "user", "Machine") as folder:
        assert folder is not None
        current = read_replaceable(folder, "settings.json", warnings)
        machine = overlay_local(wanted.machine, given.machine, as_settings(current))
        folder.write("settings.json", render_json(machine))
    with open_shared(data_dir, "extensions") as folder:
        assert folder is not None
        listed = as_list(read_replaceable(folder, "extensions.json", warnings, LIST_BYTES))
        folder.write("extensions.json", render_json(merge_extension_list(listed, extensions)))
        obsolete = read_replaceable(folder, ".obsolete", warnings, LIST_BYTES)
        if isinstance(obsolete, dict):
            folder.write(".obsolete", render_json(revive_extensions(obsolete, extensions)))
