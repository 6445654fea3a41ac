"""Archives of strangers: unpacked so that nothing lands outside the folder given."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import CoveError

if TYPE_CHECKING:
    import tarfile
    import zipfile
    from collections.abc import Callable
    from typing import IO

    Select = Callable[[str], str | None]
    """Given a member's path in the archive, the relative path to unpack it to, or None to leave it out."""

COPY_BYTES = 1 << 20
UNPACK_LIMIT_BYTES = 8 << 30
# The one-byte type field of POSIX ustar, with the old and the contiguous spelling of a file.
TAR_KINDS = {
    b"0": "file", b"\0": "file", b"7": "file", b"S": "file",
    b"5": "folder", b"2": "symlink", b"1": "hardlink",
}  # fmt: skip


class ArchiveError(CoveError):
    """An archive is damaged, or holds what has no business in one: a way out, a device."""

    exit_code = 8
    http_status = 502


class Member(NamedTuple):
    """One member of an archive, as far as unpacking needs it."""

    name: str
    kind: str
    """`file`, `folder`, `symlink`, `hardlink`, or `other` (devices, pipes)."""
    executable: bool = False
    link: str = ""


def extract_archive(
    archive: str, destination: str, *, select: Select | None = None, limit: int = UNPACK_LIMIT_BYTES
) -> int:
    """Unpack a .tar (plain, gz, bz2, xz) or .zip file into `destination`, made if missing; return its bytes.

    Nothing lands outside: absolute paths, `..`, links that leave the folder, devices and pipes are refused.
    Links are made last, so no file is ever written through one. Files become 0644 or 0755 and folders 0755
    whatever the umask and the archive say; owners and times are not kept. `limit` bounds the sum of all
    files, in bytes. `select` may rename members or leave them out.
    Raises ArchiveError.
    """
    import tarfile
    import zipfile
    import zlib

    unpacking = _Unpacking(destination, select or (lambda name: name), limit)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened_zip:
                _extract_zip(opened_zip, unpacking)
        else:
            with tarfile.open(archive, "r:*") as opened_tar:
                _extract_tar(opened_tar, unpacking)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        name = os.path.basename(archive)
        raise ArchiveError(f"{name} cannot be unpacked: {error}") from error
    unpacking.make_links()
    return unpacking.written


def _extract_tar(archive: tarfile.TarFile, unpacking: _Unpacking) -> None:
    for info in archive:
        kind = TAR_KINDS.get(info.type, "other")
        member = Member(info.name, kind, bool(info.mode & 0o100), info.linkname)
        unpacking.add(member, archive.extractfile(info) if kind == "file" else None)


def _extract_zip(archive: zipfile.ZipFile, unpacking: _Unpacking) -> None:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        if info.is_dir():
            unpacking.add(Member(info.filename, "folder"), None)
        elif stat.S_ISLNK(mode):
            unpacking.add(
                Member(info.filename, "symlink", link=archive.read(info).decode("utf-8", "replace")), None
            )
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            unpacking.add(Member(info.filename, "other"), None)
        else:
            with archive.open(info) as content:
                unpacking.add(Member(info.filename, "file", bool(mode & 0o100)), content)


class _Unpacking:
    """One archive on its way into a folder."""

    def __init__(self, destination: str, select: Select, limit: int) -> None:
        self.root = destination
        self.select = select
        self.limit = limit
        self.written = 0
        self.folders: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.make_folder("")

    def add(self, member: Member, content: IO[bytes] | None) -> None:
        wanted = self.select(parse_member_name(member.name)) if parse_member_name(member.name) else None
        if wanted is None or not (target := parse_member_name(wanted)):
            return
        if member.kind == "folder":
            self.make_folder(target)
        elif member.kind == "symlink":
            self.links.append((target, parse_link_target(target, member.link)))
        elif member.kind == "hardlink":
            self.copy_inside(parse_member_name(member.link), target)
        elif member.kind == "file" and content is not None:
            self.write(target, content, executable=member.executable)
        else:
            raise ArchiveError(f"the archive holds a device or a pipe: {member.name}")

    def make_folder(self, name: str) -> None:
        if name in self.folders:
            return
        if name:
            self.make_folder(os.path.dirname(name))
        path = f"{self.root}/{name}" if name else self.root
        if name:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o755)
        else:
            os.makedirs(path, exist_ok=True)
        if name and not stat.S_ISDIR(os.lstat(path).st_mode):
            raise ArchiveError(f"the archive puts files below something that is no folder: {name}")
        os.chmod(path, 0o755)  # noqa: S103 - what is around it decides who gets here
        self.folders.add(name)

    def write(self, name: str, content: IO[bytes], *, executable: bool) -> None:
        self.make_folder(os.path.dirname(name))
        path = f"{self.root}/{name}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(handle, "wb", buffering=0) as file:
            while chunk := content.read(COPY_BYTES):
                self.written += len(chunk)
                if self.written > self.limit:
                    raise ArchiveError(f"the archive unpacks to more than {self.limit} bytes")
                file.write(chunk)
            os.fchmod(handle, 0o755 if executable else 0o644)

    def copy_inside(self, source: str, name: str) -> None:
        # A hard link names a member by its name in the archive, so it goes through `select` too.
        selected = self.select(source) if source else None
        path = f"{self.root}/{parse_member_name(selected)}" if selected else ""
        if not path or not os.path.lexists(path) or not stat.S_ISREG(os.lstat(path).st_mode):
            raise ArchiveError(f"the archive links {name} to a file that it has not brought: {source}")
        with open(path, "rb") as content:
            self.write(name, content, executable=bool(os.lstat(path).st_mode & 0o100))

    def make_links(self) -> None:
        for name, target in self.links:
            self.make_folder(os.path.dirname(name))
            if not os.path.lexists(f"{self.root}/{name}"):
                os.symlink(target, f"{self.root}/{name}")


def parse_member_name(name: str) -> str:
    """Return a member's path without `./` and trailing slash, empty for the top; refuse what leads out.

    Raises ArchiveError.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise ArchiveError(f"the archive holds a path that leads out of it: {name!r}")
    return "/".join(parts)


def parse_link_target(name: str, target: str) -> str:
    """Return a symbolic link's target if it stays inside the archive's folder.

    `..` may only stand at the start: after a name it could follow another link, and lead elsewhere than it
    says.
    Raises ArchiveError.
    """
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = len([part for part in parts if part == ".."])
    if target.startswith("/") or not parts or parts[:up] != [".."] * up or up > name.count("/"):
        raise ArchiveError(f"the archive holds a link that leads out of it: {name} -> {target}")
    return target
