"""prune: what cove made and nothing uses any more, on every engine that answers and on this machine.

A workspace is used as long as it has a container, or was not removed and its folder is there. Of any other the images
and the notes go, and, when asked for, its editor data. Caches are `cove cache prune`'s; clones are nobody's but the person's.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import Refused
from cove.host.files import remove_scratch, remove_tree
from cove.workspace.list import read_engines_in_use
from cove.workspace.records import read_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cove.engines.base import Engine
    from cove.workspace.session import Session

PREFIX = "localhost/cove/"
_OF_A_WORKSPACE = re.compile(rf"{PREFIX}(?:last-good:([0-9a-f]{{12}})|[a-z0-9-]+-([0-9a-f]{{12}}):.+)")
_ID = re.compile(r"[0-9a-f]{12}")


class Idle(NamedTuple):
    """Something that nothing uses."""

    kind: str
    """`image`, `container`, `notes`, `editor data` or `editor files`."""
    name: str
    """A reference, a container's id or a folder."""
    size: int
    """Bytes; of an image also those that it shares; -1 where that is not known."""
    engine: str = ""
    """The engine that has it; empty for a folder of this machine."""
    image: str = ""
    """The id of an image, which may have several names."""


def list_idle(session: Session, *, data: bool = False) -> list[Idle]:
    """Return what nothing uses; with `data` the editor data (settings, history) of removed workspaces too.

    Raises EngineError when no engine answers: then it is not known what is in use.
    """
    engines = read_engines_in_use(session)
    used, gone = _read_workspaces(session, engines)
    found = [*gone]
    for engine in engines:
        found += _idle_images(engine, used)
    directories = session.machine.directories
    found += _idle_folders("notes", directories.state, used)
    found += _idle_folders("sockets", directories.run, used)
    if data:
        found += _idle_folders("editor data", f"{directories.data}/workspaces", used)
    return [*found, *_idle_bundles(f"{directories.cache}/ide", keep=bool(used))]


def prune(session: Session, *, data: bool = False) -> list[Idle]:
    """Remove what nothing uses, with the person's consent, and return it. Raises Refused, EngineError."""
    idle = list_idle(session, data=data)
    if idle:
        names = "\n".join(f"  {describe(one)}" for one in idle)
        session.consent.need(
            session.consent.force,
            f"Nothing uses these:\n{names}\nRemove them?",
            Refused("removing needs your consent", hint="Add --force.", detail=names),
        )
    engines = {engine.name: engine for engine in read_engines_in_use(session)}
    for one in idle:
        match one.kind:
            case "image":
                engines[one.engine].remove_image(one.name)
            case "container":
                engines[one.engine].remove(one.name)
            case _:
                remove_tree(one.name)
    remove_scratch()
    return idle


def total(idle: Iterable[Idle]) -> int:
    """Return how many bytes they hold at most together: an image counts once, however many names it has."""
    sizes = {(one.engine, one.image or one.name): max(one.size, 0) for one in idle}
    return sum(sizes.values())


def describe(idle: Idle) -> str:
    """Return one of them in a person's words."""
    from cove.workspace.defaults import render_size

    size = f", {render_size(idle.size)}" if idle.size >= 0 else ""
    engine = f" on {idle.engine}" if idle.engine else ""
    name = idle.name[:12] if idle.kind == "container" else idle.name
    return f"{idle.kind} {name}{engine}{size}"


def _read_workspaces(session: Session, engines: Sequence[Engine]) -> tuple[set[str], list[Idle]]:
    """Return the ids of the workspaces that are used, and the person's containers whose folder is gone."""
    used: set[str] = set()
    gone: list[Idle] = []
    owner = str(session.machine.owner.uid)
    for engine in engines:
        for container in engine.containers({"cove.id": ""}):
            folder = container.labels.get("devcontainer.local_folder", "")
            mine = container.labels.get("cove.owner") == owner
            if mine and not container.running and not os.path.isdir(folder):
                gone.append(Idle("container", container.id, -1, engine.name))
            else:
                used.add(container.labels.get("cove.id", ""))
    used |= {record.id for record in read_records(session.machine) if os.path.isdir(record.folder)}
    state = session.machine.directories.state
    used |= {name for name in _names(state) if _is_locked(f"{state}/{name}/lock")}
    return used, gone


def _idle_images(engine: Engine, used: set[str]) -> Iterator[Idle]:
    for image in engine.named_images(PREFIX):
        found = _OF_A_WORKSPACE.fullmatch(image.reference)
        if found and (found[1] or found[2]) not in used:
            yield Idle("image", image.reference, image.size, engine.name, image.id)


def _idle_folders(kind: str, place: str, used: set[str]) -> Iterator[Idle]:
    for name in _names(place):
        if _ID.fullmatch(name) and name not in used:
            yield Idle(kind, f"{place}/{name}", _measure(f"{place}/{name}"))


def _idle_bundles(place: str, *, keep: bool) -> Iterator[Idle]:
    """Return the editor's files of other versions; none while a workspace may still mount them."""
    if keep:
        return
    folders = [f"{place}/{name}" for name in _names(place) if os.path.isfile(f"{place}/{name}/bundle.json")]
    for folder in sorted(folders, key=os.path.getmtime)[:-1]:
        yield Idle("editor files", folder, _measure(folder))


def _names(place: str) -> list[str]:
    try:
        return sorted(os.listdir(place))
    except OSError:
        return []


def _is_locked(path: str) -> bool:
    """Return whether an `up` is at work there."""
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _measure(folder: str) -> int:
    """Return how many bytes a folder's files hold."""
    files: Iterable[str] = (f"{at}/{name}" for at, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(path).st_size for path in files if os.path.lexists(path))
