"""Files: written whole or not at all, locked between processes, read without trusting who put them there."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK_POLL_SECONDS = 0.1
SCRATCH = "cove-scratch-"


def write_atomic(path: str, data: bytes | str, *, mode: int = 0o600) -> None:
    """Write a file so that readers see the old one or the new one, never half of it, whatever the umask.

    Missing parent folders are made 0700. A link at `path` is replaced, not followed. Raises OSError, which names `path`.
    """
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    temporary = f"{folder}/.{name[:100]}.{os.getpid()}-{os.urandom(4).hex()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        if isinstance(error, OSError):
            error.filename = path
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def read_bounded(path: str, *, limit: int, dir_fd: int | None = None) -> bytes | None:
    """Read a regular file that someone untrusted may have put there; None if there is none.

    A link, a pipe, a device or more than `limit` bytes raises ConfigurationError naming it. Nothing is waited
    for: a pipe without a writer cannot hold the reader up.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError("is a link or cannot be read; left alone", path=path) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ConfigurationError("is not a regular file; left alone", path=path)
        with open(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(handle)
    if len(data) > limit:
        raise ConfigurationError(f"is larger than {limit} bytes; left alone", path=path)
    return data


def make_private_directory(path: str) -> str:
    """Make a folder that only its owner can enter (0700), or check the one that is there; return it.

    Raises ConfigurationError when it is a link, no folder, or someone else's: in a shared place such as /tmp
    another user may have made it first. Looser rights on a folder of one's own are tightened.
    """
    parent = os.path.dirname(os.path.abspath(path))
    os.makedirs(parent, mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError("cove needs a folder of its own here, and this is something else", path=path)
    if found.st_uid != os.geteuid():
        raise ConfigurationError(
            f"cove needs a folder of its own here, and this one belongs to user {found.st_uid}",
            path=path,
            hint="Remove it, or give cove another place with COVE_RUN_DIR or COVE_HOME.",
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        os.chmod(path, 0o700)
    return path


@contextlib.contextmanager
def locked(
    path: str, *, on_wait: Callable[[], None] | None = None, timeout: float | None = None
) -> Iterator[None]:
    """Hold the lock file `path` (made 0600 if missing) against other processes and threads.

    The kernel frees it when the process dies, so nothing is ever left locked. `on_wait` is called once if
    someone else holds it. `timeout` is in seconds; when it runs out, TimeoutError. The file stays: removing
    it would race.
    """
    import fcntl

    os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is not None:
                on_wait()
            _wait_for_lock(handle, path, timeout)
        yield
    finally:
        os.close(handle)


def _wait_for_lock(handle: int, path: str, timeout: float | None) -> None:
    import fcntl
    import time

    if timeout is None:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return
    end = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise TimeoutError(f"{path} stayed locked for {timeout:g} s") from None
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


@contextlib.contextmanager
def scratch(purpose: str) -> Iterator[str]:
    """Make a folder for a moment's files, 0700, and remove it; one that a killed process left, `remove_scratch` finds."""
    import fcntl
    import tempfile

    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{purpose}-") as folder:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)  # as long as this process lives
            yield folder
        finally:
            os.close(handle)


def remove_scratch() -> None:
    """Remove this user's scratch folders whose process is gone."""
    import fcntl
    import tempfile

    with os.scandir(tempfile.gettempdir()) as entries:
        ours = [entry.path for entry in entries if entry.name.startswith(SCRATCH)]
    for folder in ours:
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if os.fstat(handle).st_uid == os.geteuid():
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(folder)
        except BlockingIOError:
            pass  # at work
        finally:
            os.close(handle)


def hash_file(path: str) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    import hashlib

    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_tree(path: str) -> None:
    """Remove a folder and all in it, without following links; one that is not there is no error."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)
