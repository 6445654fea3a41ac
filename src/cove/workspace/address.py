"""Which workspace is meant: a folder with its configuration file, or a name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, NotFound
from cove.spec.identity import workspace_id
from cove.spec.locations import CONFIGURATION_PLACES, DOCKERFILE_NAMES

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


class Address(NamedTuple):
    """A workspace before it runs. `config_path` is empty for a bare Dockerfile, `dockerfile` empty otherwise.

    Both are empty where the configuration is inferred.
    """

    id: str
    folder: str
    config_path: str
    dockerfile: str = ""


def read_address(folder: str, *, config: str = "", cwd: str = "") -> Address:
    """Find the configuration of a folder.

    `config` names the file to use: a path, or the NAME of `.devcontainer/NAME/devcontainer.json`. The order is that of
    the specification (devcontainer-reference, "devcontainer.json"), then a Dockerfile or Containerfile, then files from
    which a configuration can be inferred. Raises ConfigurationError for a missing folder or file, or when several
    configurations are there and none is named.
    """
    folder = os.path.realpath(os.path.join(cwd, folder))
    if not os.path.isdir(folder):
        reason = "is a file, not a folder" if os.path.exists(folder) else "does not exist"
        raise ConfigurationError(
            f"the folder {folder} {reason}", hint="Name a folder with a Dockerfile or a devcontainer.json."
        )
    if config:
        path = _named_configuration(folder, config, cwd)
        return Address(workspace_id(folder, path), folder, path)
    if path := _choose_configuration(folder):
        return Address(workspace_id(folder, path), folder, path)
    for name in DOCKERFILE_NAMES:
        if os.path.isfile(f"{folder}/{name}"):
            return Address(workspace_id(folder, ""), folder, "", f"{folder}/{name}")
    from cove.workspace.inference import has_definitions

    if has_definitions(folder):
        return Address(workspace_id(folder, ""), folder, "")
    raise ConfigurationError(
        f"{folder} has no devcontainer.json, no Dockerfile, and no file that names packages",
        hint="Write a requirements.txt or a Dockerfile there, or name another folder: `cove up PATH`.",
    )


def locate_folder(session: Session, word: str, *, clone: bool = True) -> str:
    """Return the folder that a path or a git URL means; a URL that is new here is cloned, unless `clone` is False.

    Raises UsageError, NetworkError.
    """
    if os.path.isdir(os.path.join(session.machine.cwd, word)):
        return word
    from cove.workspace.clone import fetch_folder

    return fetch_folder(session, word, clone=clone)


def clones_folder(machine: Machine) -> str:
    """Return the folder of the repositories that were opened by URL."""
    return os.path.realpath(f"{machine.directories.data}/repositories")


def is_cloned(machine: Machine, folder: str) -> bool:
    """Return whether a workspace's folder lies in a repository that was opened by URL."""
    return folder.startswith(f"{clones_folder(machine)}/")


def _choose_configuration(folder: str) -> str:
    for place in CONFIGURATION_PLACES:
        if os.path.isfile(f"{folder}/{place}"):
            return f"{folder}/{place}"
    several = _named_configurations(folder)
    if len(several) > 1:
        names = ", ".join(several)
        raise ConfigurationError(
            f"{folder}/.devcontainer holds several configurations: {names}",
            hint=f"Choose one: `cove up --config {several[0]}`.",
        )
    return f"{folder}/.devcontainer/{several[0]}/devcontainer.json" if several else ""


def _named_configurations(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(f"{folder}/.devcontainer"))
    except OSError:
        return []
    return [name for name in names if os.path.isfile(f"{folder}/.devcontainer/{name}/devcontainer.json")]


def _named_configuration(folder: str, config: str, cwd: str) -> str:
    for path in (
        os.path.join(cwd, config),
        f"{folder}/{config}",
        f"{folder}/.devcontainer/{config}/devcontainer.json",
    ):
        if os.path.isfile(path):
            return os.path.realpath(path)
    known = ", ".join(_named_configurations(folder))
    raise ConfigurationError(
        f"there is no configuration `{config}` in {folder}",
        hint=f"The named ones are: {known}." if known else "Name a devcontainer.json file.",
    )


class Desk(NamedTuple):
    """A workspace that exists: its container as the engine tells it, and cove's record of it, if there is one."""

    container: ContainerInfo
    record: Record | None

    @property
    def name(self) -> str:
        """Return the workspace's name; a container that another tool started goes by its folder's."""
        from cove.spec.identity import render_name

        labels = self.container.labels
        return labels.get("cove.name") or render_name(
            os.path.basename(labels.get("devcontainer.local_folder", ""))
        )

    @property
    def id(self) -> str:
        """Return the workspace's id; empty for a container that another tool started.

        An image can carry any label, and paths are made of this one: it counts only where it is what the other
        labels make it.
        """
        labels = self.container.labels
        made = workspace_id(self.folder, labels.get("devcontainer.config_file", ""))
        return made if labels.get("cove.id") == made else ""

    @property
    def folder(self) -> str:
        """Return the workspace's folder on this machine."""
        return self.container.labels.get("devcontainer.local_folder", "")


def find_record(session: Session, word: str | None) -> Record | None:
    """Return the record that a name or folder means, asking nobody; None where there is none.

    Without a word: the workspace whose folder holds the current directory, innermost first.
    """
    from cove.workspace.records import read_records

    records = list(read_records(session.machine))
    if word is not None and "/" not in word:
        for record in records:
            if record.name == word:
                return record
    folder = os.path.realpath(os.path.join(session.machine.cwd, word or ""))
    if word is not None:
        return next((record for record in records if record.folder == folder), None)
    holding = [record for record in records if f"{folder}/".startswith(f"{record.folder}/")]
    return max(holding, key=lambda record: len(record.folder), default=None)


def follow_record(session: Session, folder: str) -> None:
    """Let the engine be the one that a folder's workspace was brought up on, if that is another machine's."""
    from cove.workspace.records import read_records

    path = os.path.realpath(os.path.join(session.machine.cwd, folder))
    for record in read_records(session.machine):
        if record.folder == path and "ssh://" in record.engine:
            session.use_engine(record.engine)


def find_desk(session: Session, word: str | None) -> Desk:
    """Return the workspace that a name or folder means, as the engine tells it. Raises NotFound.

    The engine decides: a record only tells where to look first.
    """
    record = find_record(session, word)
    if record is not None:
        session.use_engine(record.engine)
        if container := session.engine.inspect_container(record.container):
            return Desk(container, record)
    for labels in _labels_of(session, record, word):
        for container in session.engine.containers(labels):
            if "cove.run" not in container.labels:  # a throw-away one of `cove run`
                return Desk(container, record)
    if word is not None and "/" not in word and (desk := _find_by_shown_name(session, word)):
        return desk
    raise unknown(session, word)


def _find_by_shown_name(session: Session, word: str) -> Desk | None:
    """Return a container that another tool started, by the name that `cove ls` shows: its folder's."""
    for container in session.engine.containers({"devcontainer.local_folder": ""}):
        desk = Desk(container, None)
        if "cove.id" not in container.labels and desk.name == word:
            return desk
    return None


def _labels_of(session: Session, record: Record | None, word: str | None) -> list[dict[str, str]]:
    """Return the label filters to try, most exact first."""
    owner = str(session.machine.owner.uid)
    if record is not None:
        return [{"cove.id": record.id}]
    folder = os.path.realpath(os.path.join(session.machine.cwd, word or ""))
    by_folder = {"devcontainer.local_folder": folder}
    return (
        [by_folder] if word is None or "/" in word else [{"cove.name": word, "cove.owner": owner}, by_folder]
    )


def unknown(session: Session, word: str | None) -> NotFound:
    """Return the error for a workspace that is not there, with the names of those that are."""
    from cove.workspace.records import read_records

    names = ", ".join(record.name for record in read_records(session.machine))
    what = f"no workspace `{word}`" if word else f"no workspace for {session.machine.cwd}"
    return NotFound(what, hint=f"There are: {names}." if names else "Start one: `cove up PATH`.")
