"""Small JSON files in a folder that everybody may write to: each is believed only of the user in its name.

Their names are `SUBJECT.UID.SUFFIX`; the subject may hold dots itself, as a PCI address does.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_BYTES = 4096


class Notice(NamedTuple):
    """One such file."""

    path: str
    owner: int
    """The user in its name, who also owns it."""
    document: Mapping[str, object]
    """What it holds; empty when that is no JSON object, or not the owner's."""

    def withdraw(self) -> None:
        """Take it away if it is one's own."""
        if self.owner == os.geteuid():
            with suppress(OSError):
                os.unlink(self.path)


def write_notice(folder: str, subject: str, suffix: str, document: Mapping[str, object]) -> str:
    """Leave a notice, readable for everybody, and return its path."""
    name = f"{subject.replace('/', '_')}.{os.geteuid()}.{suffix}"
    temporary = f"{folder}/.{name}.{os.getpid()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, 0o644)
        json.dump(document, file)
    os.replace(temporary, f"{folder}/{name}")
    return f"{folder}/{name}"


def read_notices(folder: str) -> Iterator[Notice]:
    """Return what lies there, by name; names of another form are passed over."""
    for name in sorted(os.listdir(folder)):
        parts = name.rsplit(".", 2)
        if (
            not name.startswith(".")
            and len(parts) == len(("subject", "owner", "suffix"))
            and parts[1].isdigit()
        ):
            path, owner = f"{folder}/{name}", int(parts[1])
            yield Notice(path, owner, _read(path, owner))


def _read(path: str, owner: int) -> Mapping[str, object]:
    """Return what its owner wrote, else nothing: what another left under their number counts for nothing."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return {}
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != owner:
            return {}
        try:
            document = json.loads(file.read(MOST_BYTES))
        except ValueError:
            return {}
    return document if isinstance(document, dict) else {}
