"""What a folder without devcontainer.json and Dockerfile holds, and the configuration made from it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError
from cove.spec.infer import EXPECTED, infer, is_code, is_definition, parse_included

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.host.machine import Machine
    from cove.spec.config import Configuration
    from cove.spec.infer import Inferred
    from cove.workspace.address import Address

LARGEST_BYTES = 16 << 20
"""Of a file that is read; notebooks hold pictures."""
MOST_FILES = 100
"""Notebooks and scripts that are read."""


def has_definitions(folder: str) -> bool:
    """Return whether a folder holds files from which a configuration can be inferred."""
    return any(is_definition(name) or name.endswith(".ipynb") for name in _names(folder))


def read_inferred(folder: str) -> Inferred:
    """Return what a folder's files say of what it needs. Raises ConfigurationError where they say nothing."""
    names = list(_names(folder))
    code = [name for name in names if not is_definition(name)][:MOST_FILES]
    definitions = [name for name in names if is_definition(name)]
    texts: dict[str, str] = {}
    for name in (*definitions, *code):
        _gather(folder, name, texts)
    inferred = infer(texts, tuple(_modules(folder)))
    if inferred is None:
        raise ConfigurationError(
            f"{folder} has no file that names packages, and no notebook",
            hint="Write a requirements.txt there.",
        )
    return inferred


def _gather(folder: str, name: str, texts: dict[str, str]) -> None:
    """Add the text of a file to those that are read, and of what it includes if it is a list of packages."""
    text = None if name in texts else _read_text(f"{folder}/{name}")
    if text is not None:
        texts[name] = text
        for included in () if is_code(name) else parse_included(name, text):
            _gather(folder, included, texts)


def write_inferred(machine: Machine, address: Address) -> tuple[Configuration, Inferred]:
    """Return the configuration of a folder where nobody wrote one; its Dockerfile lies in `STATE/ID`.

    Its user is added by cove, as to a bare Dockerfile. Raises ConfigurationError.
    """
    from cove.host.files import write_atomic
    from cove.spec.config import DockerfileSource, parse_configuration
    from cove.spec.recipe import render_configuration, render_dockerfile
    from cove.workspace.records import state_folder

    folder = address.folder
    inferred = read_inferred(folder)
    dockerfile = f"{state_folder(machine, address.id)}/Dockerfile"
    write_atomic(dockerfile, render_dockerfile(inferred, own_user=False))
    text = render_configuration(inferred, os.path.basename(folder), extensions=False)
    parsed = parse_configuration(text, path=f"{folder}/.devcontainer/devcontainer.json", folder=folder)
    decisive = sorted({*EXPECTED, *filter(is_definition, _names(folder))})
    configuration = parsed._replace(
        path="",
        source=DockerfileSource(dockerfile=dockerfile, context=folder),
        inferred_from=tuple(f"{folder}/{name}" for name in decisive),
    )
    return configuration, inferred


def _names(folder: str) -> Iterator[str]:
    """Return the names of definitions, notebooks and scripts at the top, and those in folders there that count, sorted."""
    for entry in _entries(folder):
        if entry.is_file() and (is_definition(entry.name) or is_code(entry.name)):
            yield entry.name
        elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            paths = (f"{entry.name}/{inner.name}" for inner in _entries(entry.path) if inner.is_file())
            yield from (path for path in paths if is_definition(path) or path.endswith(".ipynb"))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what is in a folder, by name; of one that may not be listed nothing is known."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _modules(folder: str) -> Iterator[str]:
    """Return the names under which the repository's own modules are imported."""
    for place in (folder, f"{folder}/src"):
        try:
            yield from (name.removesuffix(".py") for name in os.listdir(place))
        except OSError:
            continue


def _read_text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(LARGEST_BYTES + 1)
    except OSError:
        return None
    return text if len(text) <= LARGEST_BYTES else None
