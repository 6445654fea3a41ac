"""`cove devcontainer up`."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from cove.cli.devcontainer import show_failure
from cove.cli.devcontainer.bound import make_request, make_stages, read_bound, take_dotfiles
from cove.cli.devcontainer.options import (
    COMMANDS,
    EVERYWHERE,
    FLAG,
    FOLDER,
    IGNORED,
    IGNORED_FLAG,
    LOCKFILE,
    REMOTE,
    Option,
)
from cove.cli.devcontainer.read_configuration import merge
from cove.cli.devcontainer.target import (
    bind_container,
    find_container,
    open_target,
)
from cove.errors import CoveError, NotFound
from cove.workspace.plain import bring_plain, run_stages

if TYPE_CHECKING:
    import argparse

    from cove.cli.devcontainer.target import Target
    from cove.engines.base import ContainerInfo
    from cove.spec.reference import Document
    from cove.workspace.plain import Plain
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

OPTIONS = {
    **EVERYWHERE,
    **FOLDER,
    **REMOTE,
    **COMMANDS,
    "workspace-mount-consistency": IGNORED._replace(choices=("consistent", "cached", "delegated")),
    "gpu-availability": Option("none: as if there were no GPU", choices=("all", "detect", "none")),
    "update-remote-user-uid-default": Option(
        "updateRemoteUserUID where the file says none", choices=("never", "on", "off"), default="on"
    ),
    "remove-existing-container": FLAG._replace(doc="make it anew"),
    "build-no-cache": FLAG._replace(doc="build without the engine's layer cache"),
    "expect-existing-container": FLAG._replace(doc="fail when there is none"),
    "skip-post-create": FLAG._replace(doc="run no lifecycle command, install no dotfiles"),
    "mount": Option("a further mount", many=True),
    "cache-from": Option("an image or place to take layers from", many=True),
    "cache-to": Option("where BuildKit keeps its layer cache"),
    "buildkit": IGNORED._replace(choices=("auto", "never")),
    "additional-features": Option("Features to add, as JSON"),
    "omit-config-remote-env-from-metadata": FLAG._replace(doc="keep the file's remoteEnv out of the label"),
    **LOCKFILE,
    "omit-syntax-directive": IGNORED_FLAG,
    "include-configuration": FLAG._replace(doc="print the configuration too"),
    "include-merged-configuration": FLAG._replace(doc="print the merged configuration too"),
}


def run(args: argparse.Namespace) -> int:
    """Bring the container up and print what the reference prints."""
    session, target, labels = open_target(args)
    take_dotfiles(session, args)
    reading = read_bound(session, args, target, labels)
    found = _find(session, args, reading, labels)
    if found and args.remove_existing_container:
        session.engine.remove(found.id)
        found = None
    if found is None and args.expect_existing_container:
        raise NotFound("The expected container does not exist.")
    try:
        plain = bring_plain(session, reading, make_request(session, args, labels), found)
        project = reading.project.name if reading.project else ""
        document = _document(session, args, target, labels, plain, project)
        run_stages(session, plain, make_stages(args), lambda: _print(document))
    except CoveError as error:
        with suppress(CoveError):  # the one to tell of is the first
            found = _find(session, args, reading, labels)
        return fail(error, found)
    return 0


def _find(
    session: Session, args: argparse.Namespace, reading: Reading, labels: dict[str, str]
) -> ContainerInfo | None:
    """Return the container that is there: by its labels, or as the service of its project."""
    if reading.project:
        from cove.workspace.compose import find_service

        return find_service(session, reading.project)
    return find_container(session, args, labels)


def _document(
    session: Session,
    args: argparse.Namespace,
    target: Target,
    labels: dict[str, str],
    plain: Plain,
    project: str,
) -> Document:
    bound = bind_container(target, plain.container, labels)
    found: Document = {
        "outcome": "success",
        "containerId": plain.container.id,
        **({"composeProjectName": project} if project else {}),
        "remoteUser": plain.inside.user,
        "remoteWorkspaceFolder": plain.record.workspace_folder,
    }
    if args.include_configuration:
        found["configuration"] = bound.document
    if args.include_merged_configuration:
        found["mergedConfiguration"] = merge(session, bound, plain.container, labels)
    return found


def _print(document: Document) -> None:
    sys.stdout.write(f"{json.dumps(document, ensure_ascii=False, separators=(',', ':'))}\n")
    sys.stdout.flush()


def fail(error: CoveError, container: ContainerInfo | None = None) -> int:
    """Print a failure, and the container that is there all the same, as the reference does; return its exit code."""
    said = {"outcome": "error", "message": error.message, "description": error.hint or error.message}
    _print({**said, **({"containerId": container.id} if container else {})})
    return show_failure(error)
