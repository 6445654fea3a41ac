"""ls: what exists, on every engine that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cove.errors import EngineError, PlaceError
from cove.workspace.address import Desk
from cove.workspace.checkout import read_checkout
from cove.workspace.inputs import read_changes
from cove.workspace.records import read_record, read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cove.engines.base import ContainerInfo, Engine
    from cove.errors import CoveError
    from cove.gpu.health import Loss
    from cove.workspace.records import Record
    from cove.workspace.session import Session

    Losses = Callable[[Engine, Sequence[ContainerInfo]], Mapping[str, Loss]]


T = TypeVar("T")


class Listed(NamedTuple):
    """A workspace in a list."""

    id: str
    name: str
    folder: str
    state: str
    """As the engine says it: `running`, `exited`, …; `unreachable` when its machine does not answer."""
    engine: str
    container: str
    image: str
    editor: str
    substitute: str
    """The base image that a substitute stands in for; empty for most."""
    created: str
    mine: bool
    """cove made it; false for one that another dev container tool started."""
    gpus: tuple[str, ...] = ()
    """The UUIDs of the GPUs it holds while it runs."""
    shares_gpus: bool = False
    """Others may have them too."""
    ports: Mapping[str, str] = {}
    """The declared ports inside, and their labels."""
    out_of_date: tuple[str, ...] = ()
    """The files that have changed since its container was made: paths in the workspace's folder, else absolute."""
    repository: str = ""
    """The main folder of the git repository that its folder is of; empty where git keeps nothing."""
    branch: str = ""
    """The branch that is checked out there."""
    loss: Loss | None = None
    """What it has lost of them; known only where that was asked for."""


def list_workspaces(
    session: Session, *, everyone: bool = False, losses: Losses | None = None
) -> list[Listed]:
    """Return the person's workspaces, by name; with `everyone` those of all users of the engines.

    `losses` finds out which have lost their GPUs (`gpu_health.find_losses`).
    Dev containers that other tools started are among them. Raises EngineError only when no engine answers.
    """
    away: list[str] = []
    found = [
        listed
        for engine, containers in ask_engines(
            session, lambda engine: engine.containers({"devcontainer.local_folder": ""}), away
        )
        for listed in _list(session, engine, containers, losses)
        if everyone or listed[0] in {"", str(session.machine.owner.uid)}
    ]
    found += [("", _render_away(record)) for record in read_records(session.machine) if record.engine in away]
    return [listed for _, listed in sorted(found, key=lambda pair: (pair[1].name, pair[1].created))]


def read_engines_in_use(session: Session) -> list[Engine]:
    """Return the engine the person named, else all that answer. Raises EngineError when none does."""
    from cove.engines.choose import read_engines

    if session.settings.engine:
        return [session.engine]
    engines = read_engines(session.runner, session.machine)
    if not engines:
        return [session.engine]  # raises, and says why none answers
    return list(engines)


def ask_engines(
    session: Session, ask: Callable[[Engine], T], away: list[str] | None = None
) -> list[tuple[Engine, T]]:
    """Return what each engine in use answers, those of workspaces on other machines too.

    One that does not answer is a warning, and its word is added to `away`. Raises EngineError, PlaceError when none does.
    """
    answers: list[tuple[Engine, T]] = []
    failures: list[CoveError] = []
    elsewhere = read_words_elsewhere(session)
    try:
        here = read_engines_in_use(session)
    except EngineError:
        if not elsewhere:
            raise
        here = []
    for engine in here:
        try:
            answers.append((engine, ask(engine)))
        except EngineError as error:
            failures.append(error)
    for word in elsewhere:
        from cove.engines.elsewhere import read_engine_elsewhere

        try:
            engine = read_engine_elsewhere(word, session.runner, session.machine)
            answers.append((engine, ask(engine)))
        except (EngineError, PlaceError) as error:
            failures.append(error)
            if away is not None:
                away.append(word)
    if failures and not answers and not away:
        raise failures[0]
    for failure in failures:
        session.progress.warn(failure.message)
    return answers


def read_words_elsewhere(session: Session) -> list[str]:
    """Return the words of the engines on other machines that have workspaces of this person; none if one was named."""
    if session.settings.engine:
        return []
    return sorted({record.engine for record in read_records(session.machine) if "ssh://" in record.engine})


def _render_away(record: Record) -> Listed:
    """Return a workspace whose machine does not answer, as far as it is known here."""
    return Listed(
        id=record.id,
        name=record.name,
        folder=record.folder,
        state="unreachable",
        engine=record.engine,
        container=record.container,
        image=record.image,
        editor=record.editor,
        substitute="",
        created="",
        mine=True,
        ports=record.ports,
    )


def _list(
    session: Session, engine: Engine, containers: list[ContainerInfo], losses: Losses | None
) -> list[tuple[str, Listed]]:
    lost = losses(engine, [one for one in containers if one.running]) if losses else {}
    found = []
    for container in containers:
        labels = container.labels
        if labels.get("cove.run"):
            continue
        desk = Desk(container, None)
        checkout = read_checkout(desk.folder) if desk.folder else None
        record = read_record(session.machine, desk.id) if desk.id else None
        if record and record.container != container.id:
            record = None
        listed = Listed(
            id=desk.id,
            name=desk.name,
            folder=desk.folder,
            state=container.state,
            engine=engine.word,
            container=container.id,
            image=container.image,
            editor=record.editor if record else labels.get("cove.ide", ""),
            substitute=labels.get("cove.substitute", ""),
            created=container.created,
            mine=bool(desk.id),
            gpus=container.gpus if container.running else (),
            shares_gpus="cove.gpus.shared" in labels,
            ports=record.ports if record else {},
            out_of_date=_read_out_of_date(desk),
            repository=checkout.repository if checkout else "",
            branch=checkout.branch if checkout else "",
            loss=lost.get(container.id),
        )
        found.append((labels.get("cove.owner", ""), listed))
    return found


def _read_out_of_date(desk: Desk) -> tuple[str, ...]:
    if not desk.id:
        return ()
    changes = read_changes(desk.container.labels.get("cove.config", ""))
    return tuple(path.removeprefix(f"{desk.folder}/") for path in changes)
