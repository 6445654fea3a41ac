"""A service of a Docker Compose project as a workspace: its image is built as any other, its container by compose.

Beside their files compose is given one of ours, `STATE/ID/compose.json`: theirs stay as they are.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.errors import ConfigurationError, EngineError
from cove.host.files import write_atomic
from cove.spec.compose import (
    PROJECT_LABEL,
    PROJECT_VARIABLE,
    SERVICE_LABEL,
    Project,
    choose_project_name,
    interpolate,
    merge_files,
    parse_service,
    render_override,
)
from cove.spec.compose_files import named_files, resolve_services
from cove.spec.compose_requests import HostRequests, find_requests
from cove.spec.config import DockerfileSource, ImageSource
from cove.workspace.records import state_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.spec.compose import Document
    from cove.spec.config import ComposeSource
    from cove.spec.run import RunRequest
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

NOISE = (
    "podman ",
    "['podman",
    "exit code: 0",
    "using podman",
    "recursive deps",
    "** ",
    "failed to connect to syslog",
)
"""What podman-compose says of itself: each call it makes, with every word of it."""


class BroughtUp(NamedTuple):
    """A project that cove has brought up for a workspace: `STATE/ID/project.json`.

    A label does not say it: an image that compose has built carries its project's.
    """

    name: str
    files: tuple[str, ...]
    """Theirs and ours."""


def with_project(machine: Machine, reading: Reading, source: ComposeSource) -> Reading:
    """Return a reading whose source is what the service runs or builds, and which knows the project.

    Raises ConfigurationError for files or a service that are not there.
    """
    project, built = read_project(machine, source, reading.configuration.path, reading.address.folder)
    return reading._replace(configuration=reading.configuration._replace(source=built), project=project)


def read_project(
    machine: Machine, source: ComposeSource, config_path: str, folder: str
) -> tuple[Project, ImageSource | DockerfileSource]:
    """Return a compose project, and what the service that is the workspace runs or builds.

    Raises ConfigurationError for files or a service that are not there.
    """
    if not source.files:
        raise ConfigurationError(
            "`dockerComposeFile` names no file",
            path=config_path,
            hint='For example: "dockerComposeFile": "../docker-compose.yml".',
        )
    here = os.path.dirname(source.files[0])
    env = {**_read_dotenv(here), **machine.env}
    known = _read_documents(source.files, here, env, config_path)
    documents = [known[path] for path in source.files]
    ready = {path: interpolate(document, env) for path, document in known.items()}
    resolved = [resolve_services(ready[path], path, here, ready) for path in source.files]
    services = merge_files([{"services": services} for services in resolved])
    service = parse_service(services, source.service, here, source.files[0])
    project = Project(
        name=choose_project_name(env, documents, source.files[0], folder),
        files=source.files,
        service=source.service,
        run_services=source.run_services,
        requests=_find_all_requests(known, source.files, here),
        version=str(documents[0].get("version") or ""),
        user=service.user,
        entrypoint=service.entrypoint,
        command=service.command,
        image=service.image,
        named=tuple(path for path in known if path not in source.files),
    )
    built: ImageSource | DockerfileSource = ImageSource(service.image)
    if service.dockerfile:
        built = DockerfileSource(service.dockerfile, service.context, service.args, service.target)
    return project, built


def _read_documents(
    files: tuple[str, ...], here: str, env: Mapping[str, str], config_path: str
) -> dict[str, Document]:
    """Return the project's files and those that they include or extend, by path. Raises ConfigurationError."""
    known: dict[str, Document] = {}
    wanted = [(path, config_path) for path in files]
    while wanted:
        path, named_by = wanted.pop(0)
        if path not in known:
            known[path] = _read_yaml(path, named_by)
            folder = here if path in files else os.path.dirname(path)
            wanted += [(inner, path) for inner in named_files(interpolate(known[path], env), folder)]
    return known


def _find_all_requests(known: Mapping[str, Document], files: tuple[str, ...], here: str) -> HostRequests:
    """Return what the project's files ask of the host, and what those ask that they name: theirs start where they lie."""
    found = [find_requests([known[path] for path in files], here)]
    found += [
        find_requests([document], os.path.dirname(path))
        for path, document in known.items()
        if path not in files
    ]
    sentences = dict.fromkeys(sentence for one in found for sentence in one.sentences)
    return HostRequests(tuple(sentences), tuple(dict.fromkeys(path for one in found for path in one.paths)))


def _read_yaml(path: str, named_by: str) -> Document:
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            found: Any = yaml.safe_load(file)
    except OSError as error:
        raise ConfigurationError(
            f"the compose file {path} does not exist", path=named_by, hint="Correct the name it has there."
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigurationError(
            f"it is no YAML: {getattr(error, 'problem', error)}",
            path=path,
            line=mark.line + 1 if mark else 0,
            column=mark.column + 1 if mark else 0,
        ) from error
    if not isinstance(found, dict):
        raise ConfigurationError("it has no services", path=path)
    return found


def _read_dotenv(folder: str) -> Mapping[str, str]:
    """Return the variables of the project's `.env` file, as compose reads it."""
    try:
        with open(f"{folder}/.env", encoding="utf-8") as file:
            lines = [line.strip() for line in file if "=" in line and not line.lstrip().startswith("#")]
    except OSError:
        return {}
    return {
        name.strip(): value.strip().strip("\"'") for name, _, value in (line.partition("=") for line in lines)
    }


def run_service(session: Session, identity: str, project: Project, wish: RunRequest) -> str:
    """Bring the project of a workspace up with our override; return its container's id. Raises EngineError."""
    folder = state_folder(session.machine, identity)
    override = f"{folder}/compose.json"
    brought_up = BroughtUp(project.name, (*project.files, override))
    write_atomic(f"{folder}/project.json", json.dumps(brought_up._asdict()))
    return bring_up(session, project, override, wish, {"cove.id": identity, PROJECT_LABEL: project.name})


def bring_up(
    session: Session, project: Project, override: str, wish: RunRequest, labels: Mapping[str, str]
) -> str:
    """Write our override and bring a project up with it; return the id of the container with these labels.

    Raises EngineError.
    """
    write_atomic(override, render_override(project, wish))
    if session.engine.name == "podman":  # podman-compose starts what has the name, however it was made
        for before in session.engine.containers(labels):
            session.engine.remove(before.id, volumes=False)
    services = (project.service, *project.run_services) if project.run_services else ()
    command = session.engine.compose().command(
        project.name,
        (*project.files, override),
        "up",
        "-d",
        *services,
        cwd=os.path.dirname(project.files[0]),
    )
    command = command._replace(env={PROJECT_VARIABLE: project.name})

    def tell(line: str) -> None:
        if not line.startswith(NOISE):
            session.progress.line("start", line)

    outcome = session.runner.stream(command, tell)
    found = session.engine.containers(labels)
    if not outcome.ok or not found:
        raise EngineError(
            f"compose could not start the service {project.service}", detail=outcome.last_lines()
        )
    return found[0].id


def find_service(session: Session, project: Project) -> ContainerInfo | None:
    """Return the container of the service that is the workspace, whoever has brought it up."""
    found = session.engine.containers({PROJECT_LABEL: project.name, SERVICE_LABEL: project.service})
    return session.engine.inspect_container(found[0].id) if found else None


def start_rest(session: Session, container: ContainerInfo) -> None:
    """Start what is stopped of the rest of a container's project."""
    project = container.labels.get(PROJECT_LABEL, "")
    for other in session.engine.containers({PROJECT_LABEL: project}) if project else ():
        if other.id != container.id and not other.running:
            session.engine.start(other.id)


def read_brought_up(machine: Machine, identity: str) -> BroughtUp | None:
    """Return the project that a workspace's container was brought up with; None where it is of none."""
    try:
        with open(f"{state_folder(machine, identity)}/project.json", encoding="utf-8") as file:
            found = json.load(file)
        return BroughtUp(str(found["name"]), tuple(found["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_siblings(session: Session, identity: str, container: ContainerInfo) -> list[ContainerInfo]:
    """Return the other containers of a workspace's project."""
    project = read_brought_up(session.machine, identity)
    if project is None or container.labels.get(PROJECT_LABEL) != project.name:
        return []
    found = session.engine.containers({PROJECT_LABEL: project.name})
    return [other for other in found if other.id != container.id]


def start_siblings(session: Session, identity: str, container: ContainerInfo) -> None:
    """Start what is stopped of the rest of a workspace's project."""
    for other in read_siblings(session, identity, container):
        if not other.running:
            session.engine.start(other.id)


def stop_siblings(session: Session, identity: str, container: ContainerInfo) -> None:
    """Stop the rest of a workspace's project, unless its configuration says `shutdownAction: none`."""
    from cove.spec.merge import merge_layers, parse_metadata_label

    said = merge_layers(parse_metadata_label(container.labels.get("devcontainer.metadata", "")))
    if said.shutdown_action != "none":
        for other in read_siblings(session, identity, container):
            session.engine.stop(other.id)


def take_down(session: Session, identity: str, container: ContainerInfo) -> None:
    """Remove the rest of a workspace's project and its networks; its volumes stay.

    Where its files or compose are gone, the networks stay too.
    """
    project = read_brought_up(session.machine, identity)
    siblings = read_siblings(session, identity, container)
    if project and project.files and siblings and all(map(os.path.isfile, project.files)):
        try:
            program = session.engine.compose()
            session.runner.run(
                program.command(project.name, project.files, "down", cwd=os.path.dirname(project.files[0]))
            )
        except EngineError as error:
            session.progress.warn(error.message)
    for other in siblings:
        session.engine.remove(other.id, volumes=False)
