"""Compose files that name further ones: `include`, and services that `extends` others. Pure; who reads the files is above.

Source: the Compose Specification, "Include" and "Extend".
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cove.spec.compose import Document


def named_files(document: Document, folder: str) -> tuple[str, ...]:
    """Return the files of this machine that a document names, absolute; its own paths start at `folder`."""
    extended = (_base(said) for said in _services(document).values())
    files = [*_included(document), *(file for file, _ in extended if file)]
    return tuple(dict.fromkeys(posixpath.normpath(posixpath.join(folder, file)) for file in files))


def resolve_services(document: Document, path: str, folder: str, known: Mapping[str, Document]) -> Document:
    """Return the services of the file `path` with what they extend beneath them, and those of included files.

    `known` holds every file that `named_files` tells, by path. Raises ConfigurationError for a service that is not
    there, and for services or files that name each other in a circle.
    """
    return _resolve(document, path, folder, known, ())


def _resolve(
    document: Document, path: str, folder: str, known: Mapping[str, Document], seen: tuple[str, ...]
) -> Document:
    if path in seen:
        raise ConfigurationError("it includes itself", path=path, hint=f"By way of {seen[-1]}.")
    services: Document = {}
    for file in _included(document):
        inner = posixpath.normpath(posixpath.join(folder, file))
        place = posixpath.dirname(inner)
        for name, said in _resolve(known[inner], inner, place, known, (*seen, path)).items():
            services[name] = _anchored(said, place)
    for name in _services(document):
        services[name] = _extended(name, document, path, folder, known, ())
    return services


def _extended(
    name: str,
    document: Document,
    path: str,
    folder: str,
    known: Mapping[str, Document],
    seen: tuple[tuple[str, str], ...],
) -> Document:
    services = _services(document)
    if name not in services:
        raise ConfigurationError(
            f"there is no service `{name}` to extend",
            path=path,
            hint=f"It has: {', '.join(services) or 'none'}.",
        )
    if (path, name) in seen:
        raise ConfigurationError(f"the service `{name}` extends itself", path=path)
    said: Document = services[name]
    file, base_name = _base(said)
    if not base_name:
        return said
    here = (*seen, (path, name))
    if file:
        inner = posixpath.normpath(posixpath.join(folder, file))
        place = posixpath.dirname(inner)
        base = _anchored(_extended(base_name, known[inner], inner, place, known, here), place)
    else:
        base = _extended(base_name, document, path, folder, known, here)
    merged = dict(base)
    for key, value in said.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    merged.pop("extends", None)
    return merged


def _services(document: Document) -> Document:
    services = document.get("services") or {}
    return {str(name): said or {} for name, said in services.items()}


def _base(said: Any) -> tuple[str, str]:
    """Return the file, empty for the service's own, and the name of what a service extends; of none, no name."""
    extends = said.get("extends") if isinstance(said, dict) else None
    if isinstance(extends, dict):
        return str(extends.get("file") or ""), str(extends.get("service") or "")
    return "", str(extends or "")


def _included(document: Document) -> Iterator[str]:
    """Yield the included files; what is elsewhere (a repository, a registry) is compose's affair."""
    for item in document.get("include") or ():
        paths = item.get("path") if isinstance(item, dict) else item
        for path in paths if isinstance(paths, list) else [paths]:
            if isinstance(path, str) and not path.startswith(("git@", "oci:")) and "://" not in path:
                yield path


def _anchored(said: Document, folder: str) -> Document:
    """Return a service of another file, its build's context absolute: it starts where that file lies."""
    build = said.get("build")
    if not build:
        return said
    parts = {"context": build} if isinstance(build, str) else dict(build)
    context = str(parts.get("context", "."))
    if "://" not in context and not context.startswith("git@"):
        parts["context"] = posixpath.normpath(posixpath.join(folder, context))
    return {**said, "build": parts}
