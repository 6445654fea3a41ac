"""Who holds which GPU, for all users and engines of a host: notes in a folder that everybody may write to.

A note names the main process of the container that holds the GPU. It counts as long as that process lives, so a
container that ends, however it ends, gives its GPU back with nobody's help. The engines' labels say the same for the
containers that a person may see; the notes are for the others.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import GpuError
from cove.gpu.choose import Lease
from cove.gpu.notices import read_notices, write_notice
from cove.host.alive import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FOLDERS = ("/run/lock/cove-gpus", "/tmp/cove-gpus")  # noqa: S108 - sticky, and what lies there is checked
"""The first one whose parent is there; one for the whole host."""


LARGEST_WORDS = 1 << 17


class Note(NamedTuple):
    """One GPU held by one container."""

    uuid: str
    workspace: str
    """Its name."""
    user: str
    since: str
    container: str
    pid: int
    """The container's main process."""
    started: int
    """When that process began, in the kernel's ticks since boot: a number that is given out again is another."""
    shared: bool = False
    module: str = ""
    """The version of the driver's kernel module then; empty where there is none."""

    def lease(self) -> Lease:
        """Return what choosing needs of it."""
        return Lease(self.uuid, self.workspace, self.user, self.since, self.shared)


def lease_folder(folders: tuple[str, ...] = FOLDERS) -> str:
    """Return the host's folder of notes, made if need be. Raises GpuError when it is not what it should be."""
    path = next((folder for folder in folders if os.path.isdir(os.path.dirname(folder))), folders[-1])
    with suppress(FileExistsError):
        os.mkdir(path)
        os.chmod(path, 0o1777)  # noqa: S103 - everybody leaves notes; nobody takes another's away
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode) or stat.S_IMODE(status.st_mode) != 0o1777:
        raise GpuError(
            f"{path} is not a folder that everybody may write to (mode 1777)",
            hint=f"Somebody else made it: `sudo rm -r {path}`.",
        )
    return path


@contextmanager
def locked(folder: str, *, on_wait: Callable[[], object]) -> Iterator[None]:
    """Keep every other cove of the host from choosing GPUs meanwhile."""
    handle = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            os.fchmod(handle, 0o666)  # whatever the umask
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_note(folder: str, note: Note) -> None:
    """Leave a note, readable for everybody."""
    write_notice(folder, note.uuid, note.container[:12], note._asdict())


def read_notes(folder: str) -> list[Note]:
    """Return the notes whose containers live; one's own that are over are taken away."""
    found = []
    for notice in read_notices(folder):
        note = _parse(notice.document)
        if note is not None and is_alive(note.pid, note.started):
            found.append(note)
        else:
            notice.withdraw()
    return found


def read_starting(root: str = "") -> list[Lease]:
    """Return the GPUs of containers that an engine's command is about to start, as its words tell.

    Under the lock there is none but that of a cove which was killed meanwhile: the command lives on without it, and its
    container is yet to come. `root` stands before /proc, for a machine that is a folder.
    """
    found = []
    for name in os.listdir(f"{root}/proc"):
        if not name.isdecimal():
            continue
        try:
            with open(f"{root}/proc/{name}/cmdline", "rb") as file:
                words = file.read(LARGEST_WORDS).decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        labels = dict(word.split("=", 1) for word in words if word.startswith("cove.") and "=" in word)
        lease = Lease("", labels.get("cove.name", "a container that starts"), "somebody")
        found += [lease._replace(uuid=uuid) for uuid in labels.get("cove.gpus", "").split(",") if uuid]
    return found


def _parse(document: Mapping[str, object]) -> Note | None:
    try:
        note = Note(**document)  # type: ignore[arg-type]  # what they are is looked at next
    except TypeError:
        return None
    texts = (note.uuid, note.workspace, note.user, note.since, note.container, note.module)
    fits = all(isinstance(text, str) for text in texts) and all(
        isinstance(number, int) for number in (note.pid, note.started)
    )
    return note if fits else None
