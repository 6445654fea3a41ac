"""cache: the cache volumes on every engine that answers, and their removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import Refused
from cove.spec.caches import PREFIX, parse_volume_name
from cove.workspace.defaults import render_size
from cove.workspace.list import ask_engines, read_engines_in_use
from cove.workspace.records import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cove.workspace.session import Session


class ListedCache(NamedTuple):
    """A cache volume in a list."""

    kind: str
    workspace: str
    """The isolated workspace whose own it is, by name or id; empty: shared by all of the person's."""
    size: int
    """Bytes; -1 where the engine does not know."""
    used_by: tuple[str, ...]
    """Workspaces and other containers that have it, running or not."""
    engine: str
    volume: str


class Pruned(NamedTuple):
    """What came of a removal."""

    removed: tuple[ListedCache, ...]
    kept: tuple[ListedCache, ...]
    """In use."""


def list_caches(session: Session, kinds: Sequence[str] = (), *, everyone: bool = False) -> list[ListedCache]:
    """Return the person's caches of these kinds (none: all), largest first; with `everyone`, or as root, everybody's.

    Raises EngineError only when no engine answers.
    """
    owner = session.machine.owner.uid
    found = []
    for engine, volumes in ask_engines(session, lambda engine: engine.volumes(PREFIX)):
        for name, size, users in volumes:
            parsed = parse_volume_name(name)
            if parsed is None or (kinds and parsed[2] not in kinds):
                continue
            if everyone or owner in {0, parsed[0]}:
                workspace = _workspace_name(session, parsed[1])
                found.append(ListedCache(parsed[2], workspace, size, users, engine.name, name))
    return sorted(found, key=lambda cache: (-cache.size, cache.volume, cache.engine))


def prune_caches(session: Session, kinds: Sequence[str] = (), *, everyone: bool = False) -> Pruned:
    """Remove the caches of these kinds that no container has, with the person's consent. Raises Refused, EngineError."""
    listed = list_caches(session, kinds, everyone=everyone)
    idle = tuple(cache for cache in listed if not cache.used_by)
    kept = tuple(cache for cache in listed if cache.used_by)
    if idle:
        names = ", ".join(f"{cache.kind} ({_size(cache.size)})" for cache in idle)
        session.consent.need(
            session.consent.force,
            f"Remove these caches: {names}? What was in them has to be fetched again.",
            Refused("removing caches needs your consent", hint="Add --force.", detail=names),
        )
    engines = {engine.name: engine for engine in read_engines_in_use(session)}
    for cache in idle:
        engines[cache.engine].remove_volume(cache.volume)
    return Pruned(idle, kept)


def total(caches: Iterable[ListedCache]) -> int:
    """Return how much they hold together, in bytes."""
    return sum(max(cache.size, 0) for cache in caches)


def _size(size: int) -> str:
    return render_size(size) if size >= 0 else "size unknown"


def _workspace_name(session: Session, identity: str) -> str:
    record = read_record(session.machine, identity) if identity else None
    return record.name if record else identity
