"""What the reference CLI's options mean: a session, the configuration file, the container by its labels."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.cli.devcontainer.log import choose_log
from cove.errors import ConfigurationError, UsageError
from cove.spec.identity import FILE_LABEL, FOLDER_LABEL, devcontainer_id, identity_labels
from cove.spec.locations import CONFIGURATION_PLACES
from cove.spec.reference import fold_old_members, render_file_path, render_mount
from cove.spec.variables import Scope, substitute
from cove.workspace.consent import Consent

if TYPE_CHECKING:
    import argparse

    from cove.engines.base import ContainerInfo
    from cove.spec.reference import Document
    from cove.workspace.session import Session

NO_SOURCE = "Dev container config ({}) not found."


class Target(NamedTuple):
    """A configuration as the reference reads it."""

    folder: str
    """The workspace's folder, absolute; empty where only a container is named."""
    config_path: str
    """Where the file is, or, with an override, where it would be; empty where only a container is named."""
    raw: Document
    document: Document
    """The same, variables of this machine replaced."""
    workspace: Document | None
    scope: Scope


def open_session(args: argparse.Namespace) -> Session:
    """Return a session on the engine that `--docker-path` names, with progress on stderr in the format asked for."""
    from cove.cli.context import open_session as open_cove

    engine = "podman" if "podman" in os.path.basename(args.docker_path) else None
    if args.docker_path and engine is None:
        engine = "docker"
    session = open_cove(args, engine=engine)
    if log := choose_log(getattr(args, "log_format", "text"), args.log_level):
        session.progress.listeners[:] = [log]
    # The reference asks nobody: who calls it has looked at the repository.
    session.consent = Consent(trust=True)
    return session


def open_target(args: argparse.Namespace) -> tuple[Session, Target, dict[str, str]]:
    """Return the session, the configuration and the container's labels that a command's options name."""
    session = open_session(args)
    target = read_target(session, args)
    return session, target, read_labels(target, args)


def read_target(session: Session, args: argparse.Namespace) -> Target:
    """Read the configuration that the options name. Raises ConfigurationError where there is none."""
    cwd = session.machine.cwd
    folder = args.workspace_folder
    if (
        not folder
        and not args.id_label
        and not getattr(args, "container_id", "")
        and not args.override_config
    ):
        folder = cwd
    folder = os.path.normpath(os.path.join(cwd, folder)) if folder else ""
    override = os.path.join(cwd, args.override_config) if args.override_config else ""
    path = os.path.normpath(os.path.join(cwd, args.config)) if args.config else _find(folder, override)
    scope = Scope(session.machine.env, folder, "", "")
    if not path:
        return Target(folder, "", {}, {}, None, scope)
    text = _read(override or path, path)
    from cove.spec.jsonc import parse_jsonc_object

    raw = fold_old_members(parse_jsonc_object(text, override or path))
    workspace = _workspace(raw, folder, git_root=args.mount_workspace_git_root)
    scope = scope._replace(container_workspace_folder=str(workspace.get("workspaceFolder") or ""))
    document = substitute(raw, scope)
    for key in ("workspaceFolder", "workspaceMount"):
        if key in document:
            workspace[key] = document[key]
    document = {**document, "configFilePath": render_file_path(path, named=bool(args.config))}
    return Target(folder, path, raw, document, workspace, scope)


def _find(folder: str, override: str) -> str:
    if not folder:
        return override
    for place in CONFIGURATION_PLACES:
        if os.path.isfile(f"{folder}/{place}"):
            return f"{folder}/{place}"
    if override:
        return f"{folder}/{CONFIGURATION_PLACES[0]}"
    raise ConfigurationError(NO_SOURCE.format(f"{folder}/{CONFIGURATION_PLACES[0]}"))


def _read(path: str, shown: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(NO_SOURCE.format(shown)) from error


def _workspace(raw: Document, folder: str, *, git_root: bool) -> Document:
    """Return where the workspace is in the container, and its mount, before variables are replaced."""
    if "dockerComposeFile" in raw:
        return {"workspaceFolder": raw.get("workspaceFolder") or "/"}
    inside: Any = raw.get("workspaceFolder")
    mount: Any = raw.get("workspaceMount")
    if folder and (not inside or "workspaceMount" not in raw):
        from cove.workspace.read import choose_workspace_folder, read_repository_root

        root = read_repository_root(folder) if git_root else folder
        inside = inside or choose_workspace_folder(None, folder, root)
        if "workspaceMount" not in raw:
            mount = render_mount(root, choose_workspace_folder(None, root, root))
    found = {"workspaceFolder": inside, "workspaceMount": mount}
    return {key: value for key, value in found.items() if value is not None}


def read_labels(target: Target, args: argparse.Namespace) -> dict[str, str]:
    """Return the labels by which a container is found and made. Raises UsageError where nothing names one."""
    if args.id_label:
        return dict(label.partition("=")[::2] for label in args.id_label)
    if target.folder and target.config_path:
        return identity_labels(target.folder, target.config_path)
    if getattr(args, "container_id", ""):
        return {}
    raise UsageError("Either containerId or workspaceFolder and configFile must be provided.")


def find_container(
    session: Session, args: argparse.Namespace, labels: dict[str, str]
) -> ContainerInfo | None:
    """Return the container that is meant, or None; one with the older label of the folder alone counts too."""
    if named := getattr(args, "container_id", ""):
        return session.engine.inspect_container(named)
    if args.id_label or FILE_LABEL not in labels:
        found = session.engine.containers(labels)
    else:
        of_folder = session.engine.containers({FOLDER_LABEL: labels[FOLDER_LABEL]})
        same = [one for one in of_folder if one.labels.get(FILE_LABEL) == labels[FILE_LABEL]]
        found = same or [one for one in of_folder if not one.labels.get(FILE_LABEL)]
    return session.engine.inspect_container(found[0].id) if found else None


def bind_container(target: Target, container: ContainerInfo, labels: dict[str, str]) -> Target:
    """Return the target with what only a container tells: its environment, and `${devcontainerId}`."""
    scope = target.scope._replace(
        container_env=container.env, devcontainer_id=devcontainer_id(labels) if labels else ""
    )
    path = target.document.get("configFilePath")
    document = substitute(target.document, scope)
    if path:
        document["configFilePath"] = path
    return target._replace(scope=scope, document=document)
