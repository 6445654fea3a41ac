"""The files of the profile and of its copies: the person's own, the containers', and what each workspace was given."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple, cast

from cove.errors import ConfigurationError
from cove.host import files
from cove.ide.sharing import why_kept_out
from cove.spec.jsonc import blank_comments, parse_jsonc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.ide.shared import SharedFolder
    from cove.spec.jsonc import JsonValue

    Settings = dict[str, JsonValue]

FILE_BYTES = 1 << 20
LIST_BYTES = 16 << 20
SNIPPET_NAME = re.compile(r"[\w][\w .+-]{0,80}\.(json|code-snippets)")


class Given(NamedTuple):
    """What a workspace was given, as `given.json` beside its data keeps it."""

    settings: Mapping[str, JsonValue] = {}
    machine: Mapping[str, JsonValue] = {}
    bindings: Sequence[JsonValue] = ()
    snippets: Mapping[str, str] = {}
    extensions: Sequence[str] = ()
    told: Sequence[str] = ()
    """What was kept out and has been said; it is not said again."""


def read_profile(profile: str, *, isolated: bool) -> Given:
    """Return the profile as it would be given; an isolated workspace gets only what could travel."""
    settings = as_settings(read_own(f"{profile}/settings.json", {}))
    if isolated:
        return Given(settings={key: value for key, value in settings.items() if not why_kept_out(key, value)})
    folder = f"{profile}/snippets"
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    snippets = {
        name: (files.read_bounded(f"{folder}/{name}", limit=FILE_BYTES) or b"").decode("utf-8", "replace")
        for name in names
        if SNIPPET_NAME.fullmatch(name)
    }
    return Given(settings, {}, as_list(read_own(f"{profile}/keybindings.json", [])), snippets)


def read_own(path: str, absent: JsonValue) -> JsonValue:
    """Return one of the profile's files. Raises ConfigurationError with the place of a mistake."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return absent
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", path=path) from error
    return parse_jsonc(text, path) if text.strip() else absent


def write_own(path: str, value: JsonValue) -> None:
    """Write one of the profile's files; comments cannot be kept, so the commented one is kept beside it."""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            before = file.read()
        if before.strip() and blank_comments(before, path) != before:
            files.write_atomic(f"{path}.before", before)
    files.write_atomic(path, render_json(value))


def read_theirs(folder: SharedFolder, name: str, warnings: list[str], limit: int = FILE_BYTES) -> JsonValue:
    """Return a file that the container wrote, None if there is none; what cannot be read is a warning."""
    try:
        data = folder.read(name, limit)
        if data is None or not data.strip():
            return None
        return parse_jsonc(data.decode("utf-8", "replace"), f"{folder.path}/{name}")
    except ConfigurationError as error:
        warnings.append(f"{error.message} (a workspace's own copy; the profile is as it was)")
    except RecursionError:
        warnings.append(
            f"{folder.path}/{name}: is nested too deep (a workspace's own copy; the profile is as it was)"
        )
    return None


def read_replaceable(
    folder: SharedFolder, name: str, warnings: list[str], limit: int = FILE_BYTES
) -> JsonValue:
    """Return a file that is about to be written anew; one that cannot be read is set aside, not lost."""
    problems: list[str] = []
    value = read_theirs(folder, name, problems, limit)
    if problems:
        folder.set_aside(name)
        warnings += [f"{problem}; now {name}.broken" for problem in problems]
    return value


def read_given(data_dir: str) -> Given:
    """Return what a workspace was given; nothing if it is new, or if the note cannot be read."""
    try:
        with open(given_path(data_dir), encoding="utf-8") as file:
            found = json.load(file)
        return Given(**{name: found[name] for name in Given._fields if name in found})
    except (OSError, ValueError, TypeError):
        return Given()


def write_given(data_dir: str, given: Given) -> None:
    """Remember what a workspace was given."""
    files.write_atomic(given_path(data_dir), render_json(cast("JsonValue", given._asdict())))


def given_path(data_dir: str) -> str:
    """Return where that is remembered: beside the data, where the container does not reach."""
    return f"{os.path.dirname(data_dir)}/given.json"


def render_json(value: JsonValue) -> bytes:
    """Return a value as a file for people to read."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def as_settings(value: JsonValue) -> Settings:
    """Return a table, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []
