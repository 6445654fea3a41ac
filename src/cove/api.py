r"""cove from Python: what the commands do, as typed calls for notebooks, pipelines and tests.

>>> import cove
>>> workspace = cove.up("examples/digits")  # doctest: +SKIP
>>> workspace.exec(["python", "train.py"]).stdout  # doctest: +SKIP
'accuracy 0.97\n'
>>> workspace.url  # doctest: +SKIP
'http://localhost:17000/w/digits/?token=cove_…'

Every call raises the errors of `cove.errors`, whose `exit_code` is the command's. Nothing is asked: what needs a
consent that was not given raises Refused, or the error that says what to consent to. docs/reference.md has the list.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import LifecycleError
from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.workspace.consent import Consent
from cove.workspace.exec import ExecOptions, render_exec, settle_code
from cove.workspace.session import Session, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cove.host.proc import Runner
    from cove.spec.ports import Port
    from cove.workspace.build import Built
    from cove.workspace.ports import PortEvent
    from cove.workspace.progress import Listener
    from cove.workspace.records import Record

__all__ = [
    "Bringing",
    "Completed",
    "Container",
    "Event",
    "Workspace",
    "bring_up",
    "build",
    "find",
    "gpus",
    "throw_away",
    "up",
    "workspaces",
]


class Event(NamedTuple):
    """Something that was said while a call worked."""

    kind: str
    """`begin`, `line`, `end`, `note` or `warn`."""
    step: str
    """`image`, `editor`, `start`, `open`, …; empty for a note or a warning."""
    text: str
    seconds: float = 0.0
    """How long the step took, at its `end`."""
    failed: bool = False
    """At an `end`: whether the step failed."""


class Completed(NamedTuple):
    """A command that ended in a container, and what it wrote."""

    argv: tuple[str, ...]
    code: int
    """Its exit code; 128 + N when signal N ended it."""
    stdout: str
    stderr: str

    def check(self) -> Completed:
        """Return this if the code is 0. Raises LifecycleError with the last lines otherwise."""
        if self.code != 0:
            said = (self.stderr.strip() or self.stdout.strip()).splitlines()[-12:]
            raise LifecycleError(f"`{' '.join(self.argv)}` ended with {self.code}", detail="\n".join(said))
        return self


class Container:
    """A running container of a repository's environment."""

    def __init__(self, session: Session, record: Record) -> None:
        self._session = session
        self._record = record

    @property
    def container_id(self) -> str:
        """The container's id, for the engine's own commands."""
        return self._record.container

    @property
    def engine(self) -> str:
        """`docker` or `podman`."""
        return self._record.engine

    @property
    def user(self) -> str:
        """The remote user: commands run as they."""
        return self._record.user

    @property
    def workspace_folder(self) -> str:
        """Where the repository is in the container: commands run there."""
        return self._record.workspace_folder

    def exec(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        workdir: str = "",
        user: str = "",
        timeout: float | None = None,
    ) -> Completed:
        """Run a command and wait for it; with `check`, an exit code other than 0 raises LifecycleError.

        `timeout` is in seconds and raises CommandTimeout. Raises EngineError when the container does not run.
        """
        words = tuple(argv)
        options = ExecOptions(
            workdir=workdir, env=env or {}, interactive=stdin is not None, tty=False, user=user
        )
        command = self._session.engine.exec_command(render_exec(self._record, words, options))
        data = None if stdin is None else stdin.encode()
        outcome = self._session.runner.run(command._replace(stdin=data, timeout=timeout))
        code = self._settle(words, outcome.code)
        completed = Completed(words, code, outcome.stdout, outcome.stderr)
        return completed.check() if check else completed

    def _settle(self, argv: tuple[str, ...], code: int) -> int:  # noqa: ARG002 - a workspace looks closer
        return code


class Workspace(Container):
    """A workspace that is up, as `cove up` leaves it."""

    def __init__(self, session: Session, record: Record, *, created: bool = False) -> None:
        super().__init__(session, record)
        self.created = created
        """Whether the call that returned this made its container."""

    @property
    def name(self) -> str:
        """What every command calls it."""
        return self._record.name

    @property
    def id(self) -> str:
        """12 hexadecimal digits, the same for the same folder and configuration always."""
        return self._record.id

    @property
    def folder(self) -> str:
        """The repository's folder on the host."""
        return self._record.folder

    @property
    def url(self) -> str:
        """A new link to the editor: one use, one hour. The gateway is started if it does not run."""
        from cove.gateway.client import mint_link
        from cove.gateway.daemon import ensure_gateway

        port = self._session.settings.gateway_port
        return mint_link(ensure_gateway(self._session.machine, port=port), self.id)

    @property
    def state(self) -> str:
        """As the engine says it: `running`, `exited`, …; `removed` when there is no such container."""
        info = self._session.engine.inspect_container(self.container_id)
        return info.state if info else "removed"

    def logs(self) -> list[str]:
        """Return the lines of the last build and start. Raises NotFound."""
        from cove.workspace.logs import read_progress

        return read_progress(self._session, self.folder)

    def ports(self) -> tuple[Port, ...]:
        """Return its ports: the declared ones, then those that listen besides. Raises NotFound, EngineError."""
        from cove.workspace.address import find_desk
        from cove.workspace.ports import read_ports

        return read_ports(self._session, find_desk(self._session, self.folder))

    def watch_ports(self) -> Iterator[PortEvent]:
        """Yield each port that begins or ceases to listen, until the workspace stops. Raises NotFound, EngineError."""
        from cove.workspace.ports import watch_ports

        return watch_ports(self._session, self.folder)

    def stop(self) -> None:
        """Stop the container; its files inside stay. Raises NotFound, EngineError."""
        from cove.workspace.stop import stop_workspace

        stop_workspace(self._session, self.folder)

    def remove(self, *, force: bool = False) -> None:
        """Remove the container; the repository, the image and the person's settings stay.

        Raises Refused when something made inside would be lost, unless `force`; NotFound, EngineError.
        """
        from cove.workspace.stop import remove_workspace

        session = self._session
        session.consent = session.consent._replace(force=force)
        remove_workspace(session, self.folder)

    def _settle(self, argv: tuple[str, ...], code: int) -> int:
        return settle_code(self._session, self.folder, argv, code)

    def __repr__(self) -> str:
        return f"<cove workspace {self.name} in {self.folder}, {self.engine}>"


def up(
    path: str = ".",
    *,
    branch: str = "",
    config: str = "",
    name: str = "",
    rebuild: bool = False,
    engine: str = "",
    isolated: bool | None = None,
    packages: bool = False,
    trust: bool = False,
    on_event: Callable[[Event], object] | None = None,
) -> Workspace:
    """Build, start and open the workspace of a folder or git URL, or find the one that runs, as `cove up` does.

    `branch` opens that branch of the folder's repository beside the others. `config` is a devcontainer.json's path or the
    NAME of `.devcontainer/NAME`; `engine` is `docker` or `podman`;
    `isolated` keeps settings, extensions and caches to a new container (None: as settings, files and origin say).
    `packages` and `trust` are the consents of `--yes` and `--trust`. `on_event` hears what happens, perhaps from
    several threads. Raises every CoveError.
    """
    from cove.gateway.doorkeeper import Doorkeeper
    from cove.workspace.terms import UpRequest
    from cove.workspace.up import up as bring

    session = _session(engine=engine, packages=packages, trust=trust, on_event=on_event)
    with Doorkeeper(session.machine, session.settings.gateway_port) as keeper:
        request = UpRequest(
            path,
            branch=branch,
            config=config,
            name=name,
            rebuild=rebuild,
            isolated=isolated,
            announce=keeper.announce,
        )
        opened = bring(session, request)
        keeper.open(opened)
    return Workspace(session, opened.record, created=opened.created)


class Bringing:
    """An `up` that is going on: iterate over its events as they come, then ask for the `workspace`."""

    def __init__(self, begin: Callable[[Callable[[Event], object]], Workspace]) -> None:
        from queue import SimpleQueue
        from threading import Thread

        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._workspace: Workspace | None = None
        self._error: BaseException | None = None
        self._begin = begin
        self._thread = Thread(target=self._run, name="cove-up", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._workspace = self._begin(self._events.put)
        except BaseException as error:  # noqa: BLE001 - raised again where the workspace is asked for
            self._error = error
        self._events.put(None)

    def __iter__(self) -> Iterator[Event]:
        while (event := self._events.get()) is not None:
            yield event
        self._events.put(None)  # who iterates again is told at once that it is over

    @property
    def workspace(self) -> Workspace:
        """The workspace, once it is up. Raises what `up` raises."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._workspace is not None
        return self._workspace


def bring_up(
    path: str = ".",
    *,
    branch: str = "",
    config: str = "",
    name: str = "",
    rebuild: bool = False,
    engine: str = "",
    isolated: bool | None = None,
    packages: bool = False,
    trust: bool = False,
) -> Bringing:
    """Begin an `up` and return at once, with the events to iterate over. The words are those of `up`.

    >>> going = cove.bring_up("examples/digits")  # doctest: +SKIP
    >>> for event in going:  # doctest: +SKIP
    ...     print(event.step, event.text)
    >>> going.workspace.url  # doctest: +SKIP
    """
    return Bringing(
        lambda on_event: up(
            path,
            branch=branch,
            config=config,
            name=name,
            rebuild=rebuild,
            engine=engine,
            isolated=isolated,
            packages=packages,
            trust=trust,
            on_event=on_event,
        )
    )


@contextmanager
def throw_away(
    path: str = ".",
    *,
    config: str = "",
    engine: str = "",
    packages: bool = False,
    trust: bool = False,
    on_event: Callable[[Event], object] | None = None,
) -> Iterator[Container]:
    """Give a container of a folder's environment, without an editor, that is gone when the `with` block ends.

    >>> with cove.throw_away("examples/digits") as container:  # doctest: +SKIP
    ...     container.exec(["python", "train.py"])

    The environment is that of `up` and `cove run`. Raises every CoveError.
    """
    from cove.workspace.run import running_once

    session = _session(engine=engine, packages=packages, trust=trust, on_event=on_event)
    with running_once(session, path, config=config) as record:
        yield Container(session, record)


def build(
    path: str = ".",
    *,
    tags: Sequence[str] = (),
    config: str = "",
    engine: str = "",
    push: bool = False,
    platform: str = "",
    no_cache: bool = False,
    pull: bool = False,
    packages: bool = False,
    trust: bool = False,
    on_event: Callable[[Event], object] | None = None,
) -> Built:
    """Build the image of a folder's environment for others, as `cove build` does: nothing of this machine in it.

    Returns its `names`, `id`, `size` (bytes) and whether it was `pushed`. Raises every CoveError.
    """
    from cove.workspace.bases import BuildOptions
    from cove.workspace.build import build as build_image

    session = _session(engine=engine, packages=packages, trust=trust, on_event=on_event)
    options = BuildOptions(no_cache=no_cache, pull=pull, platform=platform, tags=tuple(tags), push=push)
    return build_image(session, path, config=config, options=options)


def find(workspace: str | None = None, *, engine: str = "") -> Workspace:
    """Return a workspace by its name or folder; without either, the one whose folder holds the current directory.

    Raises NotFound when `cove up` has not made one.
    """
    from cove.workspace.address import find_record, unknown

    session = _session(engine=engine)
    record = find_record(session, workspace)
    if record is None:
        raise unknown(session, workspace)
    session.use_engine(record.engine)
    return Workspace(session, record)


def workspaces() -> list[Workspace]:
    """Return the workspaces that cove made and that exist, by name. Raises EngineError when no engine answers."""
    from cove.workspace.list import list_workspaces
    from cove.workspace.records import read_record

    found = []
    for listed in list_workspaces(_session()):
        session = _session(engine=listed.engine)
        if listed.mine and (record := read_record(session.machine, listed.id)):
            found.append(Workspace(session, record))
    return found


def gpus(*, engine: str = "") -> dict[str, object]:
    """Return the GPUs of this machine as `cove gpus --json` prints them: memory in bytes, who holds and waits for each."""
    from cove.workspace.gpu_list import list_gpus, render_document

    return render_document(list_gpus(_session(engine=engine)))


def _session(
    *,
    engine: str = "",
    packages: bool = False,
    trust: bool = False,
    on_event: Callable[[Event], object] | None = None,
) -> Session:
    machine = read_machine()
    settings = read_settings(machine)
    if engine:
        settings = settings._replace(engine=engine)
    session = Session(machine, _runner(), settings=settings, consent=Consent(packages=packages, trust=trust))
    if on_event is not None:
        session.progress.listeners.append(_EventListener(on_event))
    return session


def _runner() -> Runner:
    return HostRunner()


class _EventListener:
    """Turns what a Progress tells into events."""

    def __init__(self, tell: Callable[[Event], object]) -> None:
        self._tell = tell

    def begin(self, step: str, title: str) -> None:
        self._tell(Event("begin", step, title))

    def line(self, step: str, text: str) -> None:
        self._tell(Event("line", step, text))

    def end(self, step: str, title: str, seconds: float, *, failed: bool) -> None:
        self._tell(Event("end", step, title, seconds, failed))

    def note(self, text: str) -> None:
        self._tell(Event("note", "", text))

    def warn(self, text: str) -> None:
        self._tell(Event("warn", "", text))


if TYPE_CHECKING:

    def _is_a_listener(listener: _EventListener) -> Listener:
        return listener
