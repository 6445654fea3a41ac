"""Images by the beginning of their names, with their sizes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cove.engines.base import NamedImage
from cove.engines.volumes import parse_human_size
from cove.errors import EngineError

if TYPE_CHECKING:
    from cove.engines.cli import CliEngine

LIST_SECONDS = 60.0


def read_images(engine: CliEngine, prefix: str) -> list[NamedImage]:
    """Return the images whose names begin so, by name. Raises EngineError."""
    lists_json = engine.dialect.lists_json
    words = ("--no-trunc", "--format", "json" if lists_json else "{{json .}}")
    outcome = engine.call("images", *words, timeout=LIST_SECONDS)
    if not outcome.ok:
        raise EngineError(f"{engine.name} cannot list its images: {outcome.last_lines(1)}")
    found = (parse_podman_images if lists_json else parse_docker_images)(outcome.stdout)
    return sorted({image for image in found if image.reference.startswith(prefix)})


def parse_docker_images(text: str) -> list[NamedImage]:
    """Return what `images --format '{{json .}}'` prints: an object a line, sizes as a person reads them."""
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [
        NamedImage(f"{row['Repository']}:{row['Tag']}", str(row["ID"]), parse_human_size(str(row["Size"])))
        for row in rows
    ]


def parse_podman_images(text: str) -> list[NamedImage]:
    """Return what `images --format json` prints: an array of objects, each with all its names."""
    return [
        NamedImage(name, str(row["Id"]), int(row.get("Size") or -1))
        for row in json.loads(text or "[]")
        for name in row.get("Names") or ()
    ]
