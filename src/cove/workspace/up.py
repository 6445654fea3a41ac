"""up: build, start, run lifecycle commands, start the editor; a workspace that runs and fits is found and kept."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cove.errors import CoveError, Interrupted, PlaceError, Refused, UsageError
from cove.host.files import locked
from cove.workspace.address import locate_folder, read_address
from cove.workspace.beside import Beside
from cove.workspace.records import read_record, state_folder
from cove.workspace.terms import Opened
from cove.workspace.unfinished import clear_unfinished, keep_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.engines.base import ContainerInfo
    from cove.workspace.address import Address
    from cove.workspace.records import Record
    from cove.workspace.session import Session
    from cove.workspace.terms import UpRequest

BACK_TO_IT = (
    "The container from before is still there: `cove up --recover` opens it, with the log of what failed."
)
WITHOUT_IT = (
    "`cove up --recover` opens an editor all the same: the last good image or a minimal one, with the log."
)


def up(session: Session, request: UpRequest) -> Opened:
    """Bring a workspace up and return it.

    Two calls for one folder: one works, the other waits and finds what the first one made. Raises every CoveError.
    """
    began = time.monotonic()
    if request.secrets_file:
        from cove.workspace.secrets import check_secrets

        check_secrets(session, request.secrets_file)
    folder, request = _locate(session, request)
    address = read_address(folder, config=request.config, cwd=session.machine.cwd)
    lock = f"{state_folder(session.machine, address.id)}/lock"
    with locked(
        lock,
        on_wait=lambda: session.progress.note("another `cove up` of this folder is at work; waiting for it"),
    ):
        opened = _up(session, request, address)
    return opened._replace(
        seconds=round(time.monotonic() - began, 3), timings={**session.progress.timings, **opened.timings}
    )


def _locate(session: Session, request: UpRequest) -> tuple[str, UpRequest]:
    """Return the folder that is meant, and the request with the name that a branch's has."""
    if not request.branch:
        return locate_folder(session, request.folder), request
    from cove.workspace.branch import open_branch

    desk = open_branch(session, locate_folder(session, request.folder, clone=False), request.branch)
    return desk.folder, request._replace(name=request.name or desk.name)


def _up(session: Session, request: UpRequest, address: Address) -> Opened:
    was_cut_off = clear_unfinished(session, address.id)
    record = read_record(session.machine, address.id)
    with Beside(lambda: find_container(session, address), name="find") as finding:
        # While the engine is being asked, what comes next is loaded.
        _prepare(session, first=record is None)
    container = finding.result()
    if session.engine.info().remote:
        _keep_in_step(session, address)
    with _showing_the_way_back(there=container is not None):
        opened = _open(session, request, address, container, record)
    if was_cut_off:  # what a killed command had asked of the engine may have come to be meanwhile
        keep_only(session, address.id, opened.record.container)
    return opened


def _keep_in_step(session: Session, address: Address) -> None:
    """Have the folder on the engine's machine; say so where that cannot be."""
    from cove.engines.elsewhere import EngineElsewhere
    from cove.workspace.sync import read_left_out, sync_folder

    if not isinstance(session.engine, EngineElsewhere):
        raise PlaceError(
            f"{session.engine.name} runs on another machine, which cannot mount {address.folder}",
            hint="Give the machine by SSH: `cove up --on ssh://HOST`; the folder is then kept in step there.",
        )
    sync_folder(session, session.engine, address.folder, address.id, ignored=read_left_out(session, address))


def _open(
    session: Session,
    request: UpRequest,
    address: Address,
    container: ContainerInfo | None,
    record: Record | None,
) -> Opened:
    if request.recover:
        from cove.workspace.recover import recover

        return recover(session, request, address, container)
    if container is None:
        return _make(session, request, address)
    if "cove.recovery" in container.labels:
        return _make(session, request, address, replaces=container)
    if request.isolated not in (None, "cove.isolated" in container.labels):
        session.progress.note("--isolated and --no-isolated are for a container's making: add --rebuild")
    from cove.workspace.inputs import read_changes

    differences = read_changes(container.labels.get("cove.config", ""))
    if again := _plan_again(session, request, address, container, differences):
        from cove.workspace.losses import need_consent_to_lose

        need_consent_to_lose(session, address.id, container.id, "Make it anew")
        return _make(session, again, address, replaces=container)
    if (
        record
        and record.container == container.id
        and record.started == container.started
        and container.running
    ):
        from cove.workspace.opening import is_alive

        # Coming back is attaching: a command for that is run each time, by the long way.
        attaches = "postAttachCommand" in container.labels.get("devcontainer.metadata", "")
        if not attaches and is_alive(session, record):
            if "SSH_AUTH_SOCK" in record.env:
                from cove.workspace.credentials import note_agent

                note_agent(session)
            return Opened(record, created=False, out_of_date=differences)
    from cove.workspace.make import resume

    return resume(session, request, address, container)._replace(out_of_date=differences)


def _plan_again(
    session: Session,
    request: UpRequest,
    address: Address,
    container: ContainerInfo,
    differences: tuple[str, ...],
) -> UpRequest | None:
    """Return the request by which the container is made anew, None when it is kept."""
    if request.rebuild or (differences and _wants_rebuild(session, address, differences)):
        return request
    if not (container.gpus or request.repair):
        return None
    from cove.workspace.repair import plan_repair

    return plan_repair(session, request, container)


@contextmanager
def _showing_the_way_back(*, there: bool) -> Iterator[None]:
    """Let what fails say how to get back to a desk: there is one already, or `--recover` makes one."""
    try:
        yield
    except CoveError as error:
        if not isinstance(error, (Refused, UsageError, Interrupted)):
            way = BACK_TO_IT if there else WITHOUT_IT
            error.hint = "\n".join(part for part in (error.hint, way) if part)
        raise


def _prepare(session: Session, *, first: bool) -> None:
    """Load what making a workspace needs, and the host's certificate authorities; or what joining one needs."""
    if first:
        import cove.ide.extensions
        import cove.ide.profile
        import cove.workspace.make

        _ = session.certificates
    else:
        import cove.workspace.inputs
        import cove.workspace.opening  # noqa: F401 - for later, as those above


def _make(
    session: Session, request: UpRequest, address: Address, *, replaces: ContainerInfo | None = None
) -> Opened:
    from cove.workspace.make import make

    return make(session, request, address, replaces=replaces)


def find_container(session: Session, address: Address) -> ContainerInfo | None:
    """Return the workspace's container, asking the engine; the record only tells which one to ask for first."""
    if record := read_record(session.machine, address.id):
        session.use_engine(record.engine)
        container = session.engine.inspect_container(record.container)
        if container is not None:
            return container
    found = session.engine.containers({"cove.id": address.id})
    return session.engine.inspect_container(found[0].id) if found else None


def _wants_rebuild(session: Session, address: Address, differences: tuple[str, ...]) -> bool:
    names = ", ".join(path.removeprefix(f"{address.folder}/") for path in differences)
    if session.consent.ask is None:
        session.progress.warn(
            f"changed since the container was made: {names}; rebuild with `cove up --rebuild`"
        )
        return False
    return session.consent.ask(f"Changed since the container was made: {names}.\nRebuild?")
