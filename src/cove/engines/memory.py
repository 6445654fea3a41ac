"""What cove found out about an engine, kept so that the next call need not ask again.

One small file, 0600, under the state folder. It is disposable: whatever in it does not fit is asked anew. Its keys
hold all that could change an answer: the program's file, the variables and contexts that lead to a daemon, the boot,
the places where engines are configured and installed, cove's own version.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from cove import __version__
from cove.engines.base import EngineInfo
from cove.engines.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.host.machine import Machine

KEEP_SECONDS = 24 * 3600
"""A daemon elsewhere may have been upgraded by then."""

VARIABLES = (
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH",
    "CONTAINER_HOST", "CONTAINER_CONNECTION", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "XDG_RUNTIME_DIR",
)  # fmt: skip


class Known(NamedTuple):
    """An engine as it was found."""

    dialect: Dialect
    info: EngineInfo


def render_key(choice: str, programs: Sequence[str], machine: Machine) -> str:
    """Return the key for a choice among these programs, as things stand now."""
    home, env = machine.home, machine.env
    places = (
        *programs,
        "/var/run/docker.sock",
        f"{env.get('XDG_RUNTIME_DIR', '/nowhere')}/docker.sock",
        f"{env.get('DOCKER_CONFIG', f'{home}/.docker')}/config.json",
        "/etc/containers",
        f"{home}/.config/containers",
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/libexec/docker/cli-plugins",
        f"{home}/.docker/cli-plugins",
    )
    facts = [__version__, choice, os.getuid(), _boot(), _limits()]
    return json.dumps(
        [*facts, [env.get(name, "") for name in VARIABLES], [(path, _stamp(path)) for path in places]]
    )


def read_memory(machine: Machine, key: str) -> list[Known] | None:
    """Return the engines remembered under a key, or None."""
    import time

    try:
        with open(_path(machine), encoding="utf-8") as file:
            entry = json.load(file)[key]
        if not 0 <= time.time() - entry["at"] < KEEP_SECONDS:
            return None
        return [
            Known(Dialect(**_tuples(dialect)), EngineInfo(**_tuples(info)))
            for dialect, info in entry["engines"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_memory(machine: Machine, key: str, engines: Sequence[Known]) -> None:
    """Remember engines under a key; older keys of the same choice are dropped. Never fails: it is only memory."""
    import time

    from cove.host.files import write_atomic

    entry = {
        "at": time.time(),
        "engines": [(known.dialect._asdict(), known.info._asdict()) for known in engines],
    }
    kept = {old: value for old, value in _read_all(machine).items() if not _same_choice(old, key)}
    with suppress(OSError):
        write_atomic(_path(machine), json.dumps({**kept, key: entry}))


def forget(machine: Machine) -> None:
    """Drop all that is remembered: an engine was not as it was left."""
    with suppress(OSError):
        os.unlink(_path(machine))


def _path(machine: Machine) -> str:
    return f"{machine.directories.state}/engines.json"


def _read_all(machine: Machine) -> dict[str, Any]:
    try:
        with open(_path(machine), encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _same_choice(one: str, other: str) -> bool:
    """Return whether two keys are of one choice by one environment, only of another moment."""
    try:
        first, second = json.loads(one), json.loads(other)
    except ValueError:
        return True
    return bool(first[1:3] == second[1:3] and first[5] == second[5])


def _tuples(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _tuple(value) for name, value in document.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def _limits() -> tuple[int, int]:
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[1], resource.getrlimit(resource.RLIMIT_NPROC)[1]


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
