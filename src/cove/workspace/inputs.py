"""The files a container was made from: what `up` compares to know whether it still fits.

Source files are mounted, so changing them asks for nothing. What a rebuild would read is: devcontainer.json, the
Dockerfile, `.dockerignore`, and single files that the Dockerfile copies by name (`COPY requirements.txt .`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cove.spec.config import Configuration

MISSING = "missing"


def read_digests(paths: Iterable[str]) -> dict[str, str]:
    """Return the first 12 hexadecimal digits of each file's SHA-256, or `missing`."""
    return {path: _digest(path) for path in paths}


def _digest(path: str) -> str:
    import hashlib

    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()[:12]
    except OSError:
        return MISSING


def read_inputs(configuration: Configuration) -> dict[str, str]:
    """Return the digests of the files that a container of this configuration is made from."""
    from cove.spec.config import ComposeSource, DockerfileSource

    if configuration.inferred_from is not None:
        return read_digests(configuration.inferred_from)
    paths = [configuration.path] if configuration.path else []
    source = configuration.source
    if isinstance(source, ComposeSource):
        paths += source.files
    if isinstance(source, DockerfileSource):
        paths.append(source.dockerfile)
        paths += [f"{source.context}/{name}" for name in (".dockerignore", *_copied_files(source.dockerfile))]
    if configuration.features:
        from cove.workspace.features import local_files

        paths += local_files(configuration.features, configuration.path)
    return read_digests(path for path in paths if path == configuration.path or os.path.isfile(path))


def _copied_files(dockerfile: str) -> list[str]:
    """Return the sources of COPY and ADD lines that could be single files: no stage, no wildcard, no URL."""
    try:
        with open(dockerfile, encoding="utf-8", errors="replace") as file:
            lines = file.read().replace("\\\n", " ").splitlines()
    except OSError:
        return []
    copied: list[str] = []
    for line in lines:
        words = line.split()
        if (
            words
            and words[0].upper() in {"COPY", "ADD"}
            and not any(word.startswith("--from") for word in words)
        ):
            sources = [word for word in words[1:-1] if not word.startswith("--")]
            copied += [source for source in sources if not set(source) & set('*?[$:"')]
    return copied


def read_changes(label: str) -> tuple[str, ...]:
    """Return the files that have changed since a container was made, by its label `cove.config`.

    A label is never authority: without a readable one nothing is known.
    """
    import json

    try:
        before = json.loads(label or "{}")
    except ValueError:
        return ()
    return tuple(changed(before, read_digests(before))) if isinstance(before, dict) else ()


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the paths whose content differs, sorted."""
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
