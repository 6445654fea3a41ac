"""A Docker Compose project as far as cove must know it, and the override file that makes one service a workspace.

Their files are never changed. Source: the Compose Specification, and the specification's "Docker Compose" properties.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.compose_requests import HostRequests
    from cove.spec.run import GpuGrant, Mount, RunRequest

Document = dict[str, Any]
PROJECT_VARIABLE = "COMPOSE_PROJECT_NAME"
PROJECT_LABEL = "com.docker.compose.project"
"""On every container of a project, and on images that compose has built: of itself it says nothing."""
SERVICE_LABEL = "com.docker.compose.service"
_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>\w+)|\{(?P<name>\w+)(?:(?P<how>:?[-?+])(?P<word>[^}]*))?\})"
)


class Service(NamedTuple):
    """The service that is the workspace."""

    image: str = ""
    dockerfile: str = ""
    """Absolute; empty where nothing is built."""
    context: str = ""
    args: Mapping[str, str] = {}
    target: str = ""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


class Project(NamedTuple):
    """A project with the service in it that is the workspace."""

    name: str
    files: tuple[str, ...]
    service: str
    run_services: tuple[str, ...]
    requests: HostRequests
    version: str = ""
    """As its first file says it; an override must say the same."""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    image: str = ""
    """What the service's image is called, where its file says it; also where it is built."""
    named: tuple[str, ...] = ()
    """The files that its files include or extend, absolute."""


def interpolate(value: Any, env: Mapping[str, str]) -> Any:
    """Return a document with `$NAME`, `${NAME:-word}` and their sisters replaced (Compose, "Interpolation")."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _expand(found, env), value)
    if isinstance(value, list):
        return [interpolate(item, env) for item in value]
    if isinstance(value, dict):
        return {key: interpolate(item, env) for key, item in value.items()}
    return value


def _expand(found: re.Match[str], env: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    name = found["bare"] or found["name"]
    how, word = found["how"] or "", found["word"] or ""
    value = env.get(name)
    there = bool(value) if how.startswith(":") else value is not None
    match how[-1:]:
        case "-" if not there:
            return word
        case "+":
            return word if there else ""
        case "?" if not there:
            raise ConfigurationError(f"the compose file needs the variable {name}: {word or 'it is not set'}")
        case _:
            return value or ""


def merge_files(documents: Sequence[Document]) -> Document:
    """Return the services of several files: mappings merged, everything else of a later file in place of an earlier's."""
    merged: Document = {}
    for document in documents:
        for name, service in (document.get("services") or {}).items():
            known = merged.setdefault(name, {})
            for key, value in (service or {}).items():
                both = isinstance(value, dict) and isinstance(known.get(key), dict)
                known[key] = {**known[key], **value} if both else value
    return merged


def choose_project_name(
    env: Mapping[str, str], documents: Sequence[Document], first_file: str, folder: str
) -> str:
    """Return the project's name as the reference chooses it, so that both find the same containers."""
    said = [str(document["name"]) for document in documents if document.get("name")]
    name = env.get(PROJECT_VARIABLE) or (interpolate(said[-1], env) if said else "")
    if not name:
        here = posixpath.dirname(first_file)
        inner = here == f"{folder}/.devcontainer"
        name = f"{posixpath.basename(folder)}_devcontainer" if inner else posixpath.basename(here)
    return re.sub(r"[^-_a-z0-9]", "", name.lower()) or "default"


def parse_service(services: Document, name: str, here: str, path: str) -> Service:
    """Return the service of this name; `here` is the folder from which its paths start. Raises ConfigurationError."""
    if name not in services:
        known = ", ".join(services) or "none"
        raise ConfigurationError(
            f"the compose files have no service `{name}`", path=path, hint=f"They have: {known}."
        )
    said = services[name] or {}
    build = said.get("build")
    build = {"context": build} if isinstance(build, str) else build or {}
    if not build and not said.get("image"):
        raise ConfigurationError(f"the service `{name}` has neither `image` nor `build`", path=path)
    context = posixpath.normpath(posixpath.join(here, str(build.get("context", ".")))) if build else ""
    return Service(
        image=str(said.get("image") or ""),
        dockerfile=posixpath.join(context, str(build.get("dockerfile", "Dockerfile"))) if build else "",
        context=context,
        args=_pairs(build.get("args")),
        target=str(build.get("target") or ""),
        user=str(said.get("user") or ""),
        entrypoint=_words(said.get("entrypoint")),
        command=_words(said.get("command")),
    )


def _pairs(value: Any) -> dict[str, str]:
    if isinstance(value, list):
        return dict(str(item).partition("=")[::2] for item in value)
    return {str(name): "" if item is None else str(item) for name, item in (value or {}).items()}


def _words(value: Any) -> tuple[str, ...]:
    import shlex

    return tuple(shlex.split(value)) if isinstance(value, str) else tuple(map(str, value or ()))


def render_override(project: Project, request: RunRequest) -> str:
    """Return a compose file, as JSON, that adds to the service what its workspace needs."""
    mounts = [mount for mount in request.mounts if mount.type != "tmpfs"]
    service: Document = {
        "image": request.image,
        "labels": {name: _escape(value) for name, value in request.labels.items()},
        "environment": {name: _escape(value) for name, value in request.env.items()},
        "volumes": [_volume(mount) for mount in mounts],
        "tmpfs": [mount.target for mount in request.mounts if mount.type == "tmpfs"],
        "user": request.user,
        "init": request.init,
        "privileged": request.privileged,
        "cap_add": list(request.cap_add),
        "security_opt": list(request.security_opt),
        "ports": list(request.publish),
    }
    if request.entrypoint is not None:
        service["entrypoint"] = [_escape(request.entrypoint)]
        service["command"] = [_escape(word) for word in request.command]
    if request.gpus:
        service |= _gpus(request.gpus)
    named = [mount.source for mount in mounts if mount.type == "volume" and mount.source]
    document: Document = {
        "version": project.version,
        "services": {project.service: {key: value for key, value in service.items() if value}},
        "volumes": {name: {"name": name} for name in named},
    }
    return json.dumps({key: value for key, value in document.items() if value}, indent=1)


def _escape(text: str) -> str:
    return text.replace("$", "$$")


def _volume(mount: Mount) -> str:
    return f"{mount.source}:{mount.target}{':ro' if mount.read_only else ''}"


def _gpus(grant: GpuGrant) -> Document:
    """Return a device reservation (Compose, "Deploy Specification") where docker is to give GPUs, else their devices."""
    found: Document = {"devices": list(grant.devices), "group_add": list(grant.groups)}
    if grant.gpus:
        chosen = {"count": "all"} if grant.gpus == "all" else {"device_ids": grant.gpus.split(",")}
        wish = {"driver": "nvidia", "capabilities": ["gpu"], **chosen}
        found["deploy"] = {"resources": {"reservations": {"devices": [wish]}}}
    return found
