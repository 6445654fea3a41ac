"""A container as the specification alone describes it: no editor, no caches, no labels of cove's.

This is what the reference CLI makes, found by the same labels, so either tool goes on where the other has stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import NotFound
from cove.spec.identity import render_name
from cove.spec.layer import Layer
from cove.spec.merge import merge_layers, parse_metadata_label
from cove.spec.variables import substitute
from cove.workspace.dotfiles import NAME as DOTFILES
from cove.workspace.dotfiles import plan_dotfiles
from cove.workspace.hooks import ORDER, choose_hooks, run_hooks, run_on_host
from cove.workspace.inside import ask_who, enter, inspect_running
from cove.workspace.system import settle_system

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cove.engines.base import ContainerInfo
    from cove.spec.merge import Merged
    from cove.spec.run import Mount, RunRequest
    from cove.workspace.bases import BuildOptions
    from cove.workspace.gpu_wish import GpuOptions
    from cove.workspace.hooks import Inside
    from cove.workspace.read import Reading
    from cove.workspace.records import Record
    from cove.workspace.session import Session

DEFAULT_WAIT = "updateContentCommand"
OVERRIDE = "docker-compose.devcontainer.containerFeatures.json"
"""Our compose file: by this name, which compose notes on the container, the reference knows what to start it with again."""


class PlainRequest(NamedTuple):
    """What is asked of a plain container."""

    labels: Mapping[str, str]
    """By which it is found again."""
    build: BuildOptions | None = None
    gpus: GpuOptions | None = None
    mounts: tuple[Mount, ...] = ()
    """Beside those of the configuration."""
    probe: str = "loginInteractiveShell"
    """`userEnvProbe` where nobody says one."""
    env: Mapping[str, str] = {}
    """For the remote user's processes, beneath what `remoteEnv` says."""
    secrets_file: str = ""
    label_remote_env: bool = True
    """Whether the label tells what the file says of `remoteEnv`."""


class Plain(NamedTuple):
    """A plain container that runs, and what is known of its remote user."""

    container: ContainerInfo
    merged: Merged
    inside: Inside
    record: Record


class Stages(NamedTuple):
    """Which lifecycle commands to run."""

    skip: bool = False
    prebuild: bool = False
    blocking_only: bool = False
    """Stop after the one that `waitFor` names."""
    attach: bool = True
    personal: bool = True
    """False: stop before the dotfiles."""


def bring_plain(
    session: Session, reading: Reading, request: PlainRequest, found: ContainerInfo | None
) -> Plain:
    """Return the container of a configuration, running: the one found, started if need be, else a new one.

    `initializeCommand` runs each time. Raises every CoveError.
    """
    run_on_host(session, reading.configuration.initialize_command, reading.address.folder)
    if found is None:
        found = _make(session, reading, request)
    elif not found.running:
        found = _start(session, found)
    return enter_plain(session, reading, request, found)


def enter_plain(session: Session, reading: Reading, request: PlainRequest, container: ContainerInfo) -> Plain:
    """Return what is known of a running container: its own metadata, and what its file may still change.

    Without a known folder of the workspace, commands run in the user's home.
    """
    layers = _layers(reading, container, request)
    merged = merge_layers(substitute(layers, reading.scope))
    if all(layer.user_env_probe is None for layer in layers):
        merged = merged._replace(user_env_probe=request.probe)
    remote = ask_who(session, container.id, merged, container.user)
    name = render_name(reading.address.folder.rpartition("/")[2])
    reading = reading._replace(workspace_folder=reading.workspace_folder or remote.home)
    inside, record = enter(
        session, reading, container, merged, name, remote, secrets_file=request.secrets_file
    )
    given = {name: value for name, value in request.env.items() if name not in merged.remote_env}
    env = {**inside.env, **given}
    return Plain(container, merged, inside._replace(env=env), record._replace(env=env))


def run_stages(session: Session, plain: Plain, stages: Stages, told: Callable[[], None]) -> str:
    """Run the lifecycle commands that are due; `told` is called when that of `waitFor` has run.

    Returns how far it came: `done`, `prebuild`, `skipNonBlocking` or `stopForPersonalization`, the reference's words.
    """
    hooks = {**plain.merged.hooks, DOTFILES: (plan_dotfiles(session.settings),)}
    awaited = plain.merged.wait_for
    inside = plain.inside
    due = choose_hooks(hooks, inside.markers, created=inside.created, started=inside.started)
    if stages.prebuild and any(hooks["updateContentCommand"]) and "updateContentCommand" not in due:
        due.append("updateContentCommand")
    result, last = _end(stages, awaited)
    if not stages.attach:
        due = [name for name in due if name != "postAttachCommand"]
    due = [] if stages.skip else [name for name in due if ORDER.index(name) <= last]
    first = ORDER.index(awaited) if awaited in ORDER else -1
    run_hooks(session, inside, [name for name in due if ORDER.index(name) <= first], hooks)
    told()
    run_hooks(session, inside, [name for name in due if ORDER.index(name) > first], hooks)
    return result


def _end(stages: Stages, awaited: str) -> tuple[str, int]:
    """Return the reference's word for where it stops, and the number of the last command that may run."""
    ends: Sequence[tuple[bool, str, str]] = (
        (stages.blocking_only, "skipNonBlocking", awaited),
        (stages.prebuild, "prebuild", "updateContentCommand"),
        (not stages.personal, "stopForPersonalization", DOTFILES),
    )
    wanted = [(ORDER.index(name) if name in ORDER else -1, word) for asked, word, name in ends if asked]
    last, word = min(wanted, default=(len(ORDER), "done"))
    return word, last


def _layers(reading: Reading, container: ContainerInfo, request: PlainRequest) -> tuple[Layer, ...]:
    label = container.labels.get("devcontainer.metadata", "")
    said = reading.configuration.layer
    if not label:
        return (said,)
    layers = parse_metadata_label(label)
    if not request.labels or not all(name in container.labels for name in request.labels):
        return (*layers, said)
    changeable = Layer(
        remote_user=said.remote_user, user_env_probe=said.user_env_probe, remote_env=said.remote_env
    )
    return (*layers, changeable)


def _make(session: Session, reading: Reading, request: PlainRequest) -> ContainerInfo:
    from cove.workspace.facts import read_facts
    from cove.workspace.gpu_leases import keep
    from cove.workspace.gpus import leasing
    from cove.workspace.image import prepare_image
    from cove.workspace.plan import plan_container

    name = render_name(reading.address.folder.rpartition("/")[2])
    image = prepare_image(session, reading, name=name, options=request.build)
    facts = read_facts(session, image, name)._replace(mounts=request.mounts)
    if not request.label_remote_env:
        *base, own = image.layers
        image = image._replace(layers=(*base, _without_remote_env(own)))
    with leasing(session, reading, image, request.gpus) as granted:
        wish = plan_container(reading, image, facts._replace(gpus=granted.grant, gpus_shared=granted.shared))
        kept = {key: value for key, value in wish.labels.items() if not _is_ours(key)}
        with session.progress.step("start", "starting the container"):
            made = _run(session, reading, wish._replace(labels={**kept, **request.labels}))
        container = inspect_running(session, made)
        keep(session, container)
    settle_system(session, container)
    return container


def _without_remote_env(layer: Layer) -> Layer:
    kept = {name: value for name, value in layer.written.items() if name != "remoteEnv"}
    return layer._replace(remote_env=None, written=kept)


def _run(session: Session, reading: Reading, wish: RunRequest) -> str:
    project = reading.project
    if project is None:
        return session.engine.run(wish)
    from cove.spec.compose import PROJECT_LABEL, SERVICE_LABEL
    from cove.workspace.compose import bring_up
    from cove.workspace.records import state_folder

    override = f"{state_folder(session.machine, reading.address.id)}/{OVERRIDE}"
    labels = {PROJECT_LABEL: project.name, SERVICE_LABEL: project.service}
    return bring_up(session, project, override, wish, labels)


def _is_ours(label: str) -> bool:
    """Return whether a label says that cove keeps this container; a lease of GPUs stays told."""
    return label.startswith(("cove.", "devcontainer.local_folder", "devcontainer.config_file")) and not (
        label.startswith(("cove.gpus", "cove.owner"))
    )


def _start(session: Session, container: ContainerInfo) -> ContainerInfo:
    from cove.workspace.compose import start_rest
    from cove.workspace.gpu_leases import start_leased

    with session.progress.step("start", "starting the container"):
        start_rest(session, container)
        start_leased(session, container)
    return inspect_running(session, container.id)


def need_container(container: ContainerInfo | None) -> ContainerInfo:
    """Return the container, which must be there and run. Raises NotFound."""
    if container is None:
        raise NotFound("Dev container not found.", hint="Start it: `cove devcontainer up`.")
    if not container.running:
        raise NotFound(f"the dev container is {container.state}", hint="Start it: `cove devcontainer up`.")
    return container
