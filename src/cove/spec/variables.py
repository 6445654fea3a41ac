"""`${localEnv:HOME}` and its sisters, replaced in whatever holds texts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, cast

from cove.errors import ConfigurationError

T = TypeVar("T")

VARIABLE = r"\$\{(.*?)\}"


class Scope(NamedTuple):
    """What variables stand for. An empty text means "not known yet": the variable stays as it is written."""

    local_env: Mapping[str, str]
    local_workspace_folder: str
    container_workspace_folder: str
    devcontainer_id: str
    container_env: Mapping[str, str] | None = None
    """None: not known yet, `${containerEnv:…}` stays."""


def substitute(value: T, scope: Scope) -> T:
    """Return the value with the variables in all its texts replaced; what they stand for is not looked at.

    Walks texts, tuples, lists, mappings (their values, as the reference does) and NamedTuples of these.
    Unknown variables stay as they are. Raises ConfigurationError for `${localEnv}` without a name. Source:
    the specification's "Variables in devcontainer.json".
    """
    if "${" in scope.container_workspace_folder:
        folder = _replace(scope.container_workspace_folder, scope)
        scope = scope._replace(container_workspace_folder=folder)
    return cast("T", _walk(value, scope))


def _walk(value: Any, scope: Scope) -> Any:
    if isinstance(value, str):
        return _replace(value, scope) if "${" in value else value
    if isinstance(value, tuple):
        members = [_walk(member, scope) for member in value]
        return value._make(members) if hasattr(value, "_make") else tuple(members)
    if isinstance(value, list):
        return [_walk(member, scope) for member in value]
    if isinstance(value, Mapping):
        return {key: _walk(member, scope) for key, member in value.items()}
    return value


def _replace(text: str, scope: Scope) -> str:
    return re.sub(VARIABLE, lambda match: _lookup(match, scope), text)


def _lookup(match: re.Match[str], scope: Scope) -> str:  # noqa: PLR0911 - a line for each variable
    kind, *words = match[1].split(":", 2)
    local, container = scope.local_workspace_folder, scope.container_workspace_folder
    match kind:
        case "localEnv" | "env":
            return _variable(match[0], words, scope.local_env)
        case "containerEnv" if scope.container_env is not None:
            return _variable(match[0], words, scope.container_env)
        case "localWorkspaceFolder" if local:
            return local
        case "localWorkspaceFolderBasename" if local:
            return posixpath.basename(local.rstrip("/"))
        case "containerWorkspaceFolder" if container:
            return container
        case "containerWorkspaceFolderBasename" if container:
            return posixpath.basename(container.rstrip("/"))
        case "devcontainerId" if scope.devcontainer_id:
            return scope.devcontainer_id
        case _:
            return match[0]


def _variable(written: str, words: list[str], env: Mapping[str, str]) -> str:
    if not words:
        raise ConfigurationError(
            f"`{written}` names no environment variable",
            hint=f"Write {written[:-1]}:NAME}} or {written[:-1]}:NAME:DEFAULT}}.",
        )
    name, default = words[0], words[1] if len(words) > 1 else ""
    return env.get(name, default)
