"""Files of this machine on another one: sent by tar over the connection, whole or not at all, and only what is new."""

from __future__ import annotations

import hashlib
import os
import tarfile
from typing import TYPE_CHECKING

from cove.errors import PlaceError
from cove.host.openssh import quote
from cove.host.proc import Command, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cove.host.openssh import SshConnection

END_SECONDS = 120.0
"""Patience for the other side to write down what it was sent."""


class Carrier:
    """Puts files of this machine below a folder of another one, each at its own path."""

    def __init__(self, connection: SshConnection, root: str) -> None:
        self.connection = connection
        self.root = root

    def send(self, path: str, *, once: bool = False) -> None:
        """Have a file or a folder there as it is here. With `once`, one that is there stays as it is.

        What was sent is remembered there, by a digest of names, sizes and times. Raises PlaceError.
        """
        there = f"{self.root}{path}"
        mark = f"{self.root}/.sent/{hashlib.sha256(path.encode()).hexdigest()[:24]}"
        digest = "once" if once else describe(path)
        known = self.connection.shell(f"[ -e {quote(there)} ] && cat {quote(mark)} 2>/dev/null")
        if known.ok and known.stdout.strip() == digest:
            return
        self.write([(path, os.path.basename(path))], os.path.dirname(there))
        self.connection.check(
            f"mkdir -p {quote(os.path.dirname(mark))} && printf %s {digest} >{quote(mark)}",
            doing="note what it was sent",
        )

    def write(self, files: Iterable[tuple[str, str]], folder: str, *, recursive: bool = True) -> None:
        """Write files (path here, name below `folder` there), replacing what is there. Raises PlaceError."""
        script = (
            f"umask 077; mkdir -p {quote(folder)} && cd {quote(folder)} && "
            "exec tar -x -p -f - --no-same-owner 2>&1"
        )

        def pack(archive: tarfile.TarFile) -> None:
            for path, name in files:
                archive.add(path, name, recursive=recursive, filter=_plain)

        self._send(Command(("sh", "-c", script)), pack)

    def fetch(self, path: str) -> bytes | None:
        """Return what a file there holds that stands for one of this machine's; None if there is none."""
        outcome = self.connection.shell(f"cat {quote(self.root + path)}")
        return outcome.stdout.encode() if outcome.ok else None

    def _send(self, command: Command, pack: Callable[[tarfile.TarFile], None]) -> None:
        process = self.connection.pipe(command)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with process.stdin as stdin, process.stdout as answer:
                try:
                    with tarfile.open(
                        fileobj=stdin, mode="w|", bufsize=1 << 16, format=tarfile.GNU_FORMAT
                    ) as archive:
                        pack(archive)
                except (BrokenPipeError, ConnectionError) as error:
                    raise PlaceError(f"{self.connection.address.host} stopped taking files") from error
                stdin.close()
                said = answer.read().decode("utf-8", "replace")
            code = process.wait(END_SECONDS)
        finally:
            stop(process)
        if code:
            raise PlaceError(
                f"{self.connection.address.host} could not write the files it was sent",
                detail=said,
                hint=f"Is its disk full? Look with `ssh {self.connection.address.host} df -h`.",
            )


def describe(path: str) -> str:
    """Return a digest of the names, kinds, sizes and times below a path."""
    digest = hashlib.sha256()
    for name in sorted(_walk(path)):
        found = os.lstat(name)
        digest.update(
            f"{os.path.relpath(name, path)}\0{found.st_mode}\0{found.st_size}\0{found.st_mtime_ns}\n".encode(
                "utf-8", "surrogateescape"
            )
        )
    return digest.hexdigest()


def _walk(path: str) -> Iterable[str]:
    yield path
    if os.path.isdir(path):
        for folder, folders, files in os.walk(path):
            yield from (os.path.join(folder, name) for name in (*folders, *files))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out sockets, pipes and devices, and who owns what here: there it is the account's."""
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
