"""From an address to what its files say: the configuration, where the repository appears, the scope of variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.host.machine import Owner
from cove.spec.config import ComposeSource, bare_configuration, parse_configuration
from cove.spec.identity import devcontainer_id, identity_labels
from cove.spec.mounts import parse_mount
from cove.spec.run import Mount
from cove.spec.variables import Scope, substitute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.host.machine import Machine
    from cove.spec.compose import Project
    from cove.spec.config import Configuration
    from cove.spec.infer import Inferred
    from cove.spec.jsonc import JsonValue
    from cove.workspace.address import Address


class Reading(NamedTuple):
    """What the files of a workspace say, variables of the host settled.

    `${containerEnv:…}` stays as written until a container can answer.
    """

    address: Address
    written: Configuration
    """As the file says it; its layer goes into the metadata label, variables unreplaced."""
    configuration: Configuration
    scope: Scope
    workspace_folder: str
    """In the container."""
    workspace_mount: Mount | None
    owner: Owner
    """Whose files these are; the remote user takes these ids where the specification lets it."""
    git_mount: Mount | None = None
    """git's folder of the repository, where the workspace is a further working tree of it: at the path that git notes."""
    inferred: Inferred | None = None
    """What the configuration was made from, where nobody wrote one."""
    project: Project | None = None
    """The compose project that the workspace is a service of; its source is then what the service runs or builds."""


def read_workspace(machine: Machine, address: Address) -> Reading:
    """Read the configuration of an address. Raises ConfigurationError with file, line and column."""
    inferred = None
    if address.config_path:
        written = parse_configuration(
            _read_text(address.config_path), path=address.config_path, folder=address.folder
        )
    elif address.dockerfile:
        written = bare_configuration(address.dockerfile, folder=address.folder)
    else:
        from cove.workspace.inference import write_inferred

        written, inferred = write_inferred(machine, address)
    settled = _settle(machine, address, written)._replace(
        inferred=inferred, git_mount=choose_git_mount(address.folder)
    )
    return _with_service(machine, settled)


def _with_service(machine: Machine, reading: Reading) -> Reading:
    """Return a reading as it is, but for a service of a compose project: then with what that runs or builds."""
    source = reading.configuration.source
    if not isinstance(source, ComposeSource):
        return reading
    from cove.workspace.compose import with_project

    return with_project(machine, reading, source)


class Changes(NamedTuple):
    """What a caller changes of what a repository's file says."""

    override: str = ""
    """The path of a file to read in the place of the repository's."""
    git_root: bool = True
    """Mount the git repository whole."""
    labels: Mapping[str, str] = {}
    """Those of the container, from which `${devcontainerId}` is made; none: the usual ones."""
    features: Mapping[str, JsonValue] = {}
    """Features beside those of the file, whose options count where both name one."""
    update_uid: bool = True
    """What `updateRemoteUserUID` is where nobody says it."""
    sourceless: bool = False
    """The container is there: the file need not say what to run."""


def read_changed(machine: Machine, address: Address, changes: Changes) -> Reading:
    """Read a configuration as the reference CLI's options change it. Raises ConfigurationError."""
    text = _read_text(changes.override or address.config_path)
    written = parse_configuration(
        text, path=address.config_path, folder=address.folder, sourceless=changes.sourceless
    )
    written = written._replace(features={**written.features, **changes.features, **written.features})
    if not changes.update_uid and written.layer.update_remote_user_uid is None:
        written = written._replace(layer=written.layer._replace(update_remote_user_uid=False))
    settled = _settle(machine, address, written, git_root=changes.git_root, labels=changes.labels)
    return _with_service(machine, settled)


def read_plainly(machine: Machine, address: Address) -> Reading:
    """Return a reading of where the files are, and of nothing they say: for when that does not work.

    The repository is mounted at its usual place; nothing is run or asked of the host.
    """
    return _settle(machine, address, bare_configuration(address.dockerfile, folder=address.folder))


def _settle(
    machine: Machine,
    address: Address,
    written: Configuration,
    *,
    git_root: bool = True,
    labels: Mapping[str, str] | None = None,
) -> Reading:
    scope = Scope(
        local_env=machine.env,
        local_workspace_folder=address.folder,
        container_workspace_folder="",
        devcontainer_id=devcontainer_id(labels or identity_labels(address.folder, address.config_path)),
    )
    root = read_repository_root(address.folder) if git_root else address.folder
    if isinstance(written.source, ComposeSource):  # where it is, its own files say
        written = written._replace(workspace_folder=written.workspace_folder or "/", workspace_mount="")
    folder = choose_workspace_folder(substitute(written.workspace_folder, scope), address.folder, root)
    scope = scope._replace(container_workspace_folder=folder)
    configuration = substitute(written, scope)
    return Reading(
        address=address,
        written=written,
        configuration=configuration,
        scope=scope,
        workspace_folder=folder,
        workspace_mount=choose_workspace_mount(configuration, root),
        owner=read_owner(machine, address.folder),
    )


def choose_workspace_folder(written: str | None, folder: str, root: str) -> str:
    """Return where the workspace's folder appears in the container.

    As written, else `/workspaces/REPOSITORY/SUBFOLDER`: the repository is mounted whole, so that git works inside.
    """
    if written is not None:
        return written
    inner = os.path.relpath(folder, root)
    base = f"/workspaces/{os.path.basename(root) or 'workspace'}"
    return base if inner == "." else f"{base}/{inner}"


def choose_workspace_mount(configuration: Configuration, root: str) -> Mount | None:
    """Return the mount of the repository: as `workspaceMount` says (empty: none), else the repository whole."""
    if configuration.workspace_mount is None:
        return Mount("bind", root, choose_workspace_folder(None, root, root))
    if not configuration.workspace_mount:
        return None
    if configuration.workspace_folder is None:
        raise ConfigurationError(
            "`workspaceMount` needs `workspaceFolder` beside it",
            path=configuration.path,
            hint="Name the folder to open.",
        )
    return parse_mount(configuration.workspace_mount)


def choose_git_mount(folder: str) -> Mount | None:
    """Return the mount by which git works inside a linked working tree, whose `.git` names a folder outside of it."""
    from cove.workspace.checkout import read_checkout

    checkout = read_checkout(folder)
    return Mount("bind", checkout.common, checkout.common) if checkout and checkout.linked else None


def read_repository_root(folder: str) -> str:
    """Return the folder at or above this one that git keeps, or the folder itself."""
    root = folder
    while not os.path.exists(f"{root}/.git"):
        above = os.path.dirname(root)
        if above == root:
            return folder
        root = above
    return root


def read_owner(machine: Machine, folder: str) -> Owner:
    """Return whose files these are: the caller's; as root, the person's behind sudo, else the folder's owner's."""
    if machine.owner.uid != 0:
        return machine.owner
    status = os.stat(folder)
    return Owner(status.st_uid, status.st_gid)


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise ConfigurationError(f"cannot read it: {error.strerror}", path=path) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError("it is not UTF-8 text", path=path) from error
