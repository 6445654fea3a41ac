"""A folder that a container writes too: read and written from the host without ever following what it planted.

Each step down is opened by itself, without following links, relative to the one above; so a container that swaps a
folder for a link to somewhere of the host's gains nothing, not even between the look and the leap.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from cove.host.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FOR_ALL = 0o777
"""The container's user has an id that the host cannot know; the private folder above keeps everybody else out."""
FILE_FOR_ALL = 0o666
NAMES_LIMIT = 500


class SharedFolder:
    """One folder below a root that is itself trusted; use it in a `with`."""

    def __init__(self, handle: int, path: str) -> None:
        self.handle = handle
        self.path = path
        """For messages only."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        os.close(self.handle)

    def below(self, name: str, *, make: bool = False) -> SharedFolder | None:
        """Return a folder in this one; None if there is none. With `make` it is made, and open for all.

        What stands in its place (a link, a file) is removed first when making. Raises OSError.
        """
        if make:
            found = _lstat(name, self.handle)
            if found and not stat.S_ISDIR(found.st_mode):
                os.unlink(name, dir_fd=self.handle)
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, FOR_ALL, dir_fd=self.handle)
        try:
            handle = os.open(name, FOLDER_FLAGS, dir_fd=self.handle)
        except OSError:
            if make:
                raise
            return None
        if make:
            with contextlib.suppress(PermissionError):
                os.fchmod(handle, FOR_ALL)
        return SharedFolder(handle, f"{self.path}/{name}")

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a file's content, None if there is none. Raises ConfigurationError for what is no plain file."""
        return read_bounded(name, limit=limit, dir_fd=self.handle)

    def write(self, name: str, data: bytes) -> None:
        """Write a file that the container may change, whole or not at all. Raises OSError."""
        temporary = f".{name}.{os.urandom(6).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o600, dir_fd=self.handle)
        try:
            with open(handle, "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), FILE_FOR_ALL)
            os.rename(temporary, name, src_dir_fd=self.handle, dst_dir_fd=self.handle)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=self.handle)
            raise

    def set_aside(self, name: str) -> None:
        """Rename what is of no use but may be somebody's work to `NAME.broken`; a link is renamed, not followed."""
        with contextlib.suppress(OSError):
            os.rename(name, f"{name}.broken", src_dir_fd=self.handle, dst_dir_fd=self.handle)

    def names(self) -> list[str]:
        """Return what is in it, the first few hundred by name."""
        return sorted(os.listdir(self.handle))[:NAMES_LIMIT]


@contextlib.contextmanager
def open_shared(root: str, *names: str, make: bool = False) -> Iterator[SharedFolder | None]:
    """Open `root/names…`, None if there is no such folder; `root` itself is trusted not to be a link of theirs."""
    with contextlib.ExitStack() as stack:
        try:
            folder: SharedFolder | None = SharedFolder(os.open(root, FOLDER_FLAGS), root)
        except OSError:
            if make:
                raise
            yield None
            return
        for name in names:
            assert folder is not None
            stack.enter_context(folder)
            folder = folder.below(name, make=make)
            if folder is None:
                yield None
                return
        assert folder is not None
        stack.enter_context(folder)
        yield folder


def _lstat(name: str, handle: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=handle, follow_symlinks=False)
    except FileNotFoundError:
        return None
