"""A folder as one archive: the same bytes for the same files, wherever and whenever it is packed."""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError
from cove.host.archive import ArchiveError, parse_link_target

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Mapping

TIME = 315532800
"""1980: what older tools and other kinds of archives can still say."""
FOLDER_MODE, FILE_MODE, PROGRAM_MODE = 0o755, 0o644, 0o755


def list_files(folder: str, *, leave_out: str = "") -> list[str]:
    """Return the names of all files and links below a folder, sorted; `leave_out` is a folder within that does not count."""
    found = []
    for here, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(f"{here}/{name}")]
        folders[:] = [name for name in folders if f"{here}/{name}" != leave_out and name not in links]
        found += [os.path.relpath(f"{here}/{name}", folder) for name in (*names, *links)]
    return sorted(found)


def pack_folder(folder: str, *, replaced: Mapping[str, bytes] | None = None, leave_out: str = "") -> bytes:
    """Return a tar of a folder: owners, times and the umask left out; `replaced` are files with other content.

    Raises ConfigurationError for what no archive should hold: a device, a pipe, a link that leads out of the folder.
    """
    import tarfile

    content = replaced or {}
    packed = io.BytesIO()
    names = list_files(folder, leave_out=leave_out)
    folders = {""}
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_describe(".", tarfile.DIRTYPE, FOLDER_MODE))
        for name in names:
            parent = os.path.dirname(name)
            for above in _missing_parents(parent, folders):
                archive.addfile(_describe(f"./{above}", tarfile.DIRTYPE, FOLDER_MODE))
            _add(archive, folder, name, content.get(name))
    return packed.getvalue()


def _missing_parents(folder: str, there: set[str]) -> list[str]:
    missing: list[str] = []
    while folder not in there:
        there.add(folder)
        missing.insert(0, folder)
        folder = os.path.dirname(folder)
    return missing


def _add(archive: tarfile.TarFile, folder: str, name: str, content: bytes | None) -> None:
    import tarfile

    path = f"{folder}/{name}"
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        link = _describe(f"./{name}", tarfile.SYMTYPE, 0o777)
        try:
            link.linkname = parse_link_target(name, os.readlink(path))
        except ArchiveError as error:
            raise ConfigurationError("a link that leads out of what is packed", path=path) from error
        archive.addfile(link)
    elif stat.S_ISREG(mode):
        if content is None:
            with open(path, "rb") as file:
                content = file.read()
        info = _describe(f"./{name}", tarfile.REGTYPE, PROGRAM_MODE if mode & 0o100 else FILE_MODE)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    else:
        raise ConfigurationError("is neither file, folder nor link: not packed", path=path)


def _describe(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    import tarfile

    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, mode, TIME
    return info
