"""Named volumes: how large they are, and who has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.engines.base import VolumeInfo
from cove.errors import EngineError

if TYPE_CHECKING:
    from cove.engines.cli import CliEngine

MEASURE_SECONDS = 600.0
"""The engine adds up every file of every volume."""
UNITS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
SECTION = "Local Volumes space usage:"


class Measured(NamedTuple):
    """A volume in the engine's own account."""

    name: str
    size: int
    """Bytes, as exact as the engine's word (four digits); -1 where it has none."""
    containers: int
    """How many have it."""


def read_volumes(engine: CliEngine, prefix: str) -> list[VolumeInfo]:
    """Return the volumes whose names begin so, by name. Raises EngineError."""
    parse, words = (
        (parse_podman_volumes, ())
        if engine.dialect.lists_json
        else (parse_docker_volumes, ("--format", "{{json .Volumes}}"))
    )
    outcome = engine.call("system", "df", "--verbose", *words, timeout=MEASURE_SECONDS)
    if not outcome.ok:
        raise EngineError(f"{engine.name} cannot tell the sizes of its volumes: {outcome.last_lines(1)}")
    return [
        VolumeInfo(volume.name, volume.size, _users(engine, volume))
        for volume in sorted(parse(outcome.stdout))
        if volume.name.startswith(prefix)
    ]


def _users(engine: CliEngine, volume: Measured) -> tuple[str, ...]:
    """Return the names of the containers that have a volume, running or not: of cove's, the workspace's."""
    if not volume.containers:
        return ()
    found = engine.containers({}, volume=volume.name)
    return tuple(sorted(container.labels.get("cove.name", "") or container.name for container in found))


def parse_docker_volumes(text: str) -> list[Measured]:
    """Return what `system df --verbose --format '{{json .Volumes}}'` prints: an array of objects."""
    from cove.engines.info import parse_json

    rows = parse_json(text.strip() or "[]", "docker system df") or []
    return [
        Measured(str(row.get("Name")), parse_human_size(str(row.get("Size"))), int(row.get("Links") or 0))
        for row in rows
    ]


def parse_podman_volumes(text: str) -> list[Measured]:
    """Return the last table of `system df --verbose`, which podman prints as text alone: name, containers, size."""
    rows = (line.split() for line in text.partition(SECTION)[2].splitlines())
    return [
        Measured(row[0], parse_human_size(row[2]), int(row[1]))
        for row in rows
        if len(row) == len(Measured._fields) and row[1].isdigit()
    ]


def parse_human_size(text: str) -> int:
    """Return bytes of a size as the engines write it, powers of 1000; -1 for one they do not know.

    >>> parse_human_size("1.5kB"), parse_human_size("0B"), parse_human_size("N/A")
    (1500, 0, -1)
    """
    found = re.fullmatch(r"([\d.]+(?:e[+-]?\d+)?)([kKMGT]?B)", text)
    return round(float(found[1]) * UNITS[found[2]]) if found else -1
