"""Secrets of the person's for a workspace: read from a file when they are needed, handed on in the environment alone.

They reach lifecycle commands, the editor and its terminals, `exec` and `shell`; nothing keeps them: no image, no
label, no record, no log.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError
from cove.workspace.records import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.jsonc import JsonValue
    from cove.workspace.records import Record
    from cove.workspace.session import Session

LARGEST_BYTES = 1 << 20
HIDDEN = "********"
SHORTEST_HIDDEN = 4
"""Shorter values occur in a log by chance."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_secrets(path: str) -> dict[str, str]:
    """Return the variables of a secrets file: one JSON object of texts, as `devcontainer up --secrets-file` takes it.

    Raises ConfigurationError, which never quotes a value.
    """
    from cove.host.files import read_bounded
    from cove.spec.jsonc import parse_jsonc_object

    data = read_bounded(path, limit=LARGEST_BYTES)
    if data is None:
        raise ConfigurationError("the secrets file does not exist", path=path)
    try:
        document = parse_jsonc_object(data.decode(), path)
    except UnicodeDecodeError as error:
        raise ConfigurationError("the secrets file is no UTF-8 text", path=path) from error
    found = {name: value for name, value in document.items() if isinstance(value, str)}
    if wrong := [name for name in document if name not in found or not _NAME.fullmatch(name)]:
        raise ConfigurationError(
            f"`{wrong[0]}` is no variable with a text",
            path=path,
            hint='Write one object: {"API_KEY": "…"}.',
        )
    return found


def check_secrets(session: Session, given: str) -> None:
    """Return if a file that was given can be read: told before anything is made. Raises ConfigurationError."""
    read_secrets(_absolute(session, given))


def choose_secrets_file(session: Session, given: str, workspace_id: str) -> str:
    """Return the absolute path of a workspace's secrets file: the one given now, else at an earlier `up`; may be empty."""
    if given:
        return _absolute(session, given)
    record = read_record(session.machine, workspace_id)
    return record.secrets_file if record and os.path.isfile(record.secrets_file) else ""


def read_kept_secrets(record: Record) -> dict[str, str]:
    """Return the secrets of a workspace as its file holds them now; none when the file is gone."""
    there = record.secrets_file and os.path.isfile(record.secrets_file)
    return read_secrets(record.secrets_file) if there else {}


def read_session_env(session: Session) -> dict[str, str]:
    """Return the variables that the setting `session_env` names, as they are now; a file's text without its last newline.

    Raises ConfigurationError for a file that is not there.
    """
    found: dict[str, str] = {}
    for word in session.settings.session_env:
        name, equals, path = word.partition("=")
        if equals:
            found[name] = _read_text(os.path.expanduser(path), name)
        elif name.endswith("*"):
            found |= {
                each: value for each, value in session.machine.env.items() if each.startswith(name[:-1])
            }
        elif name in session.machine.env:
            found[name] = session.machine.env[name]
    return found


def read_private_env(session: Session, record: Record) -> dict[str, str]:
    """Return what a workspace's processes get and nothing keeps: the person's chosen variables, and its secrets."""
    return {**read_session_env(session), **read_kept_secrets(record)}


def _read_text(path: str, name: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(LARGEST_BYTES).rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"`session_env` cannot read {name} from {path}: {error}") from error


def note_missing(session: Session, declared: Mapping[str, JsonValue], path: str) -> None:
    """Say which of the secrets that a configuration declares the file does not hold, with its own words on them."""
    given = read_secrets(path) if path else {}
    missing = [_describe(name, said) for name, said in declared.items() if name not in given]
    if missing:
        session.progress.note(
            f"the repository would like secrets that are not given: {'; '.join(missing)} (--secrets-file)"
        )


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """Return a line of output without the secrets' values."""
    for value in secrets.values():
        if len(value) >= SHORTEST_HIDDEN:
            text = text.replace(value, HIDDEN)
    return text


def _absolute(session: Session, path: str) -> str:
    return os.path.join(session.machine.cwd, os.path.expanduser(path))


def _describe(name: str, said: JsonValue) -> str:
    words = said if isinstance(said, dict) else {}
    more = [str(words[key]) for key in ("description", "documentationUrl") if words.get(key)]
    return f"{name}, {', '.join(more)}" if more else name
