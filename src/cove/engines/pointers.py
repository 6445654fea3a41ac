"""Where the environment points: docker's contexts and podman's connections, when that is a machine reached by SSH.

Their own files are read: the programs themselves need not be installed here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cove.host.machine import Machine


def read_pointer(name: str, machine: Machine) -> str:
    """Return the word for the engine that `name`'s own configuration points to on another machine; empty for none."""
    host = _podman(machine) if name.startswith("podman") else _docker(machine)
    if not host.startswith("ssh://"):
        return ""
    place = host.removeprefix("ssh://").partition("/")[0]
    return f"{'podman' if name.startswith('podman') else 'docker'}+ssh://{place}"


def _docker(machine: Machine) -> str:
    """Return the daemon's address: DOCKER_HOST, else that of DOCKER_CONTEXT or of the context in use."""
    if host := machine.env.get("DOCKER_HOST"):
        return host
    folder = machine.env.get("DOCKER_CONFIG") or f"{machine.home}/.docker"
    context = machine.env.get("DOCKER_CONTEXT") or _read(f"{folder}/config.json", "currentContext")
    if not context or context == "default":
        return ""
    import hashlib

    # docker keeps a context in a folder named after the digest of its name.
    digest = hashlib.sha256(context.encode()).hexdigest()
    return _read(f"{folder}/contexts/meta/{digest}/meta.json", "Endpoints", "docker", "Host")


def _podman(machine: Machine) -> str:
    """Return the service's address: CONTAINER_HOST, else that of the connection CONTAINER_CONNECTION."""
    if host := machine.env.get("CONTAINER_HOST"):
        return host
    connection = machine.env.get("CONTAINER_CONNECTION")
    if not connection:
        return ""
    config = machine.env.get("XDG_CONFIG_HOME") or f"{machine.home}/.config"
    newer = _read(
        f"{config}/containers/podman-connections.json", "Connection", "Connections", connection, "URI"
    )
    return newer or _read_toml(f"{config}/containers/containers.conf", connection)


def _read(path: str, *keys: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return ""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _read_toml(path: str, connection: str) -> str:
    import tomllib

    try:
        with open(path, "rb") as file:
            found = tomllib.load(file)
        uri = found["engine"]["service_destinations"][connection]["uri"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return uri if isinstance(uri, str) else ""
