"""What compose files ask of the host, so that the person is shown it before compose does it.

Known to stay within the project's own containers is what is listed here; whatever else a file says is shown, and so
is what a later Compose Specification may add.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WITHIN_PROJECT = frozenset({"version", "name", "services", "volumes", "networks"})
WITHIN_SERVICE = frozenset({
    "image", "build", "command", "entrypoint", "environment", "working_dir", "user", "depends_on", "expose", "volumes",
    "env_file", "healthcheck", "restart", "labels", "init", "stop_grace_period", "stop_signal", "tty", "stdin_open",
    "networks", "container_name", "hostname", "domainname", "platform", "pull_policy", "profiles", "shm_size", "tmpfs",
    "mem_limit", "memswap_limit", "mem_reservation", "cpus", "cpu_shares", "pids_limit", "deploy", "scale", "read_only",
    "annotations", "attach",
})  # fmt: skip
WITHIN_BUILD = frozenset(
    {"context", "dockerfile", "dockerfile_inline", "args", "target", "labels", "shm_size", "no_cache", "pull"}
)
WITHIN_VOLUME = frozenset({"name", "labels"})
WITHIN_NETWORK = frozenset({"name", "labels", "internal", "attachable", "enable_ipv6", "ipam"})
ANY_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$(?:\w|\{)")
HOST_PATH = ("/", ".", "~", "$")
"""How the source of a volume begins that is a path, or may become one."""


class HostRequests(NamedTuple):
    """What is asked of the host."""

    sentences: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Paths of the host that containers see or builds read, absolute unless they begin with `~` or a variable."""


def find_requests(documents: Iterable[Mapping[str, Any]], here: str) -> HostRequests:
    """Return what files ask for, variables in them not replaced; relative paths start at the folder `here`."""
    sentences: dict[str, None] = {}
    paths: dict[str, None] = {}
    for document in documents:
        for kind, said in _walk(document):
            if kind == "path":
                paths[_absolute(said, here)] = None
            else:
                sentences[said] = None
        if ANY_VARIABLE.search(json.dumps(document, default=str)):
            sentences["reads environment variables of this machine"] = None
    return HostRequests(tuple(sentences), tuple(paths))


def _absolute(path: str, here: str) -> str:
    return path if path.startswith(("~", "$")) else posixpath.normpath(posixpath.join(here, path))


def _walk(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _beyond("", document, WITHIN_PROJECT)
    for kind, within in (("volumes", WITHIN_VOLUME), ("networks", WITHIN_NETWORK)):
        for name, said in _items(document.get(kind)):
            yield from _beyond(f"{kind[:-1]} {name}: ", said, within)
    for name, service in _items(document.get("services")):
        where = f"service {name}: "
        yield from _beyond(where, service, WITHIN_SERVICE)
        yield from _of_build(where, service.get("build"))
        for path in _list(service.get("env_file")):
            yield "path", str(path.get("path") if isinstance(path, dict) else path)
        for volume in _list(service.get("volumes")):
            yield from _of_volume(where, volume)


def _of_build(where: str, build: Any) -> Iterator[tuple[str, str]]:
    if not build:
        return
    said = build if isinstance(build, dict) else {"context": build}
    yield from _beyond(f"{where}build: ", said, WITHIN_BUILD)
    context = str(said.get("context", "."))
    if "://" in context or context.startswith("git@"):
        yield "sentence", f"{where}build: context: {context}"
        return
    yield "path", context
    if dockerfile := said.get("dockerfile"):
        yield "path", posixpath.join(context, str(dockerfile))


def _of_volume(where: str, volume: Any) -> Iterator[tuple[str, str]]:
    if isinstance(volume, dict):
        kind, source = str(volume.get("type", "")), str(volume.get("source") or "")
        if kind not in {"bind", "volume", "tmpfs"} or "driver_opts" in volume:
            yield "sentence", f"{where}volumes: {_shown(volume)}"
        if kind == "bind" or source.startswith(HOST_PATH):
            yield "path", source
    else:
        source, colon, _ = str(volume).partition(":")
        if colon and source.startswith(HOST_PATH):
            yield "path", _whole_variable(str(volume)) if source.startswith("$") else source


def _whole_variable(volume: str) -> str:
    """Return the source of a volume that begins with a variable, whose default may hold a colon."""
    return volume.partition("}")[0] + "}" if volume.startswith("${") else volume.partition(":")[0]


def _beyond(where: str, said: Mapping[str, Any], within: frozenset[str]) -> Iterator[tuple[str, str]]:
    for key, value in said.items():
        if key not in within and not key.startswith("x-") and value not in (None, False, "", [], {}):
            yield "sentence", f"{where}{key}: {_shown(value)}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _items(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, said in value.items() if isinstance(value, dict) else ():
        if isinstance(said, dict):
            yield str(name), said


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
