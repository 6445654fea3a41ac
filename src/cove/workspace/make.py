"""The long way of `up`: from files to a running container with its editor."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError, CoveError, UsageError
from cove.places.endpoints import remove_endpoint
from cove.places.local import make_socket_folder
from cove.spec.identity import render_name
from cove.spec.merge import merge_layers, parse_metadata_label
from cove.spec.variables import substitute
from cove.workspace.beside import Beside
from cove.workspace.caches import read_defaults
from cove.workspace.compose import run_service, start_siblings
from cove.workspace.credentials import offer_credentials
from cove.workspace.cuda import check_before_pull, check_image
from cove.workspace.dotfiles import NAME as DOTFILES
from cove.workspace.dotfiles import plan_dotfiles
from cove.workspace.editor import fetch_bundle, fit_way, furnish, is_isolated
from cove.workspace.facts import read_facts
from cove.workspace.good import keep_good, write_failed_log
from cove.workspace.gpu_leases import keep, start_leased
from cove.workspace.gpus import leasing
from cove.workspace.hooks import ORDER, choose_hooks, run_hooks, run_on_host
from cove.workspace.image import prepare_image
from cove.workspace.inputs import read_digests, read_inputs
from cove.workspace.inside import ask_who, enter, inspect_running
from cove.workspace.losses import keep_baseline
from cove.workspace.opening import start_editor
from cove.workspace.plan import plan_container
from cove.workspace.progress import ProgressFile, progress_path
from cove.workspace.read import read_plainly, read_workspace
from cove.workspace.records import read_record, read_records, write_record
from cove.workspace.requirements import warn_of_requirements
from cove.workspace.secrets import choose_secrets_file, note_missing
from cove.workspace.system import settle_system
from cove.workspace.terms import Announcement, Opened
from cove.workspace.trust import need_image_trust, need_trust
from cove.workspace.unfinished import keep_only, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cove.engines.base import ContainerInfo
    from cove.spec.merge import Merged
    from cove.workspace.address import Address
    from cove.workspace.editor import Editor
    from cove.workspace.environment import RemoteUser
    from cove.workspace.image import Image
    from cove.workspace.plan import Facts
    from cove.workspace.read import Reading
    from cove.workspace.records import Record
    from cove.workspace.session import Session
    from cove.workspace.terms import UpRequest


def make(session: Session, request: UpRequest, address: Address, *, replaces: ContainerInfo | None) -> Opened:
    """Build the image, make and start a container, settle in it.

    The editor's files are fetched while the image is built. A container that is replaced stays until the new one works.
    """
    reading = read_workspace(session.machine, address)
    need_trust(session, reading)
    name = choose_name(session, request.name, address)
    session.engine.info()  # no engine, no work: say so before anything is fetched
    if reading.project:
        session.engine.compose()  # neither without a program for its project
    check_before_pull(session, reading, request.gpus)
    known = read_record(session.machine, address.id)
    with on_record(session, request, address, name):
        run_on_host(session, reading.configuration.initialize_command, address.folder)
        with Beside(lambda: fetch_bundle(session), name="editor", cancel=session.runner.cancel) as fetching:
            image = prepare_image(session, reading, name=name, options=request.build)
            bundle = fetching.result()
        need_image_trust(session, reading, image)
        check_image(session, reading, image, request.gpus)
        warn_of_requirements(session, image.merged.host_requirements)
        secrets_file = choose_secrets_file(session, request.secrets_file, address.id)
        if reading.configuration.secrets:
            note_missing(session, reading.configuration.secrets, secrets_file)
        isolated = is_isolated(session, reading, request.isolated, replaces)
        editor = furnish(session, reading, image.merged, bundle, isolated=isolated)
        container, remote, gpus = start_new(session, request, reading, image, editor, name, replaces)

        def keep_what_worked() -> None:
            keep_good(session, address.id, image)
            keep_baseline(session, address.id, container.id)

        try:
            record = settle(
                session,
                reading,
                container,
                image.merged,
                editor,
                name,
                remote,
                secrets_file=secrets_file,
                then=keep_what_worked,
            )
        except (CoveError, OSError, KeyboardInterrupt):  # OSError: a full disk
            if known and replaces and known.container == replaces.id:
                with suppress(
                    OSError
                ):  # a full disk: then the record is still the one from before, or is not believed
                    write_record(
                        session.machine, known
                    )  # first, and without the engine: it may be what failed
            _give_back(session, address, container.id, replaces)
            raise
        if replaces is not None:
            keep_only(session, address.id, container.id)
    return Opened(
        record,
        created=True,
        origin=image.origin,
        substitutes=image.substitutes,
        bundle=bundle.source,
        gpus=gpus,
    )


def resume(session: Session, request: UpRequest, address: Address, container: ContainerInfo) -> Opened:
    """Start a stopped container, or the editor of a running one, and settle in it again.

    What the container is, its own labels say; the files may have changed since. To recover, no lifecycle command runs:
    it may be what failed.
    """
    reading = _read_known(session, address) if request.recover else read_workspace(session.machine, address)
    on_host = () if container.running else reading.configuration.initialize_command
    if on_host:
        need_trust(session, reading)
    layers = parse_metadata_label(container.labels.get("devcontainer.metadata", ""))
    merged = merge_layers(substitute(layers, reading.scope))
    if request.recover:
        merged = merged._replace(hooks={})
    name = container.labels.get("cove.name", "") or choose_name(session, request.name, address)
    with on_record(session, request, address, name):
        run_on_host(session, on_host, address.folder)
        isolated = "cove.isolated" in container.labels
        editor = furnish(session, reading, merged, fetch_bundle(session), isolated=isolated)
        if not container.running:
            make_socket_folder(session.machine, address.id)
            with session.progress.step("start", "starting the container"):
                start_siblings(session, address.id, container)
                start_leased(session, container, wait=bool(request.gpus and request.gpus.wait))
            container = inspect_running(session, container.id)
        editor = fit_way(session, editor, container)
        remote = ask_who(session, container.id, merged, container.user)
        secrets_file = choose_secrets_file(session, request.secrets_file, address.id)
        record = settle(session, reading, container, merged, editor, name, remote, secrets_file=secrets_file)
    return Opened(record, created=False)


def _read_known(session: Session, address: Address) -> Reading:
    """Return a plain reading with the folder that a container was made with, as far as that is known."""
    plain = read_plainly(session.machine, address)
    if record := read_record(session.machine, address.id):
        return plain._replace(workspace_folder=record.workspace_folder)
    try:
        return plain._replace(workspace_folder=read_workspace(session.machine, address).workspace_folder)
    except ConfigurationError:
        return plain


def settle(
    session: Session,
    reading: Reading,
    container: ContainerInfo,
    merged: Merged,
    editor: Editor,
    name: str,
    remote: RemoteUser,
    *,
    secrets_file: str = "",
    then: Callable[[], None] = lambda: None,
) -> Record:
    """Make a running container habitable: authorities, environment, lifecycle commands, editor, and a record of it.

    The editor starts after the hook that `waitFor` names; what comes after does not hold it up. `then` is called when
    all of that has worked.
    """
    inside, record = enter(session, reading, container, merged, name, remote, secrets_file=secrets_file)
    given = offer_credentials(session, record.id, editor)
    inside, record = (
        inside._replace(env={**given, **inside.env}),
        record._replace(env={**given, **record.env}),
    )
    hooks = {**merged.hooks, DOTFILES: (plan_dotfiles(session.settings),)} if merged.hooks else {}
    due = choose_hooks(hooks, inside.markers, created=inside.created, started=inside.started)
    awaited = ORDER[: ORDER.index(merged.wait_for) + 1] if merged.wait_for in ORDER else ()
    if due:
        settle_system(session, container)
    run_hooks(session, inside, [hook for hook in due if hook in awaited], hooks)
    record = start_editor(session, reading.address.id, record, editor)
    write_record(session.machine, record)
    run_hooks(session, inside, [hook for hook in due if hook not in awaited], hooks)
    with Beside(then, name="then") as ending:
        if not due:  # beside the editor's start it would take the processor from it
            settle_system(session, container)
    ending.result()
    return record


def choose_name(session: Session, wanted: str, address: Address) -> str:
    """Return the workspace's name: the one asked for, the one it has, or its folder's, made unique.

    Raises UsageError when the name asked for is another workspace's or no DNS label.
    """
    others = {
        record.name: record.folder for record in read_records(session.machine) if record.id != address.id
    }
    if wanted:
        if render_name(wanted) != wanted:
            raise UsageError(
                f"`{wanted}` cannot be a name",
                hint=f"Use small letters, digits and dashes: {render_name(wanted)}.",
            )
        if wanted in others:
            raise UsageError(
                f"the name `{wanted}` is taken by {others[wanted]}", hint="Choose another --name."
            )
        return wanted
    mine = [record.name for record in read_records(session.machine) if record.id == address.id]
    base = mine[0] if mine else render_name(os.path.basename(address.folder))
    candidates = (base, *(f"{base}-{number}" for number in range(2, 1000)))
    return next(name for name in candidates if name not in others)


@contextmanager
def on_record(session: Session, request: UpRequest, address: Address, name: str) -> Iterator[None]:
    """Let the gateway's page and `cove logs` follow: events go to `STATE/ID/progress.jsonl`; the old way in is closed."""
    remove_endpoint(session.machine, address.id)
    file = ProgressFile(progress_path(session.machine, address.id))
    session.progress.listeners.append(file)
    request.announce(Announcement(address.id, name, address.folder, session.engine.word))
    try:
        with marked(session.machine, address.id):
            yield
    except CoveError as error:
        file.fail(error.message)
        write_failed_log(session.machine, address.id)
        raise
    finally:
        session.progress.listeners.remove(file)
        file.close()


def start_new(
    session: Session,
    request: UpRequest,
    reading: Reading,
    image: Image,
    editor: Editor,
    name: str,
    replaces: ContainerInfo | None,
) -> tuple[ContainerInfo, RemoteUser, str]:
    """Start a new container, with its GPUs, and ask who lives there; the text says what became of a wish for GPUs.

    The one it replaces is stopped first, since both want the same socket and ports.
    """
    made = ""
    try:
        with leasing(session, reading, image, request.gpus, replaces=replaces) as granted:
            facts = _read_facts(session, reading, image, editor, name)
            wish = plan_container(
                reading, image, facts._replace(gpus=granted.grant, gpus_shared=granted.shared)
            )
            if replaces is not None and replaces.running:
                session.engine.stop(replaces.id, timeout=3)
            make_socket_folder(session.machine, reading.address.id)
            with session.progress.step("start", "starting the container"):
                made = (
                    run_service(session, reading.address.id, reading.project, wish)
                    if reading.project
                    else session.engine.run(wish)
                )
                with Beside(
                    lambda: ask_who(session, made, image.merged, image.info.user),
                    name="who",
                    cancel=lambda: None,
                ) as asking:
                    container = inspect_running(session, made)
                    keep(session, container)
                return container, asking.result(), granted.why
    except (CoveError, OSError, KeyboardInterrupt):  # OSError: a full disk
        _give_back(session, reading.address, made, replaces)
        raise


def _read_facts(session: Session, reading: Reading, image: Image, editor: Editor, name: str) -> Facts:
    built_from: dict[str, str] = {}
    if reading.project:
        built_from = {**read_inputs(reading.configuration), **read_digests(reading.project.named)}
    return read_facts(session, image, name)._replace(
        digests={**read_inputs(reading.written), **built_from},
        mounts=editor.mounts,
        editor=editor.label,
        isolated=editor.request.isolated,
        publish=editor.publish,
        defaults=read_defaults(session, reading, image, isolated=editor.request.isolated),
    )


def _give_back(session: Session, address: Address, failed: str, replaced: ContainerInfo | None) -> None:
    """Return to the container that worked, if there was one; a first one that failed stays, to be looked at."""
    if replaced is None:
        return
    if failed:
        session.engine.remove(failed)
    now = session.engine.inspect_container(replaced.id)
    if replaced.running and now is not None and not now.running:
        make_socket_folder(session.machine, address.id)
        start_leased(session, now)
