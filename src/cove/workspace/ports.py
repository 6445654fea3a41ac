"""ports: what of a workspace is declared, what listens in it, and when that changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import CoveError, EngineError
from cove.spec.ports import OTHERS, choose_ports, describe_ports, parse_listening
from cove.spec.run import ExecRequest
from cove.workspace.address import Desk, find_desk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cove.engines.base import ContainerInfo, Engine
    from cove.spec.jsonc import JsonValue
    from cove.spec.ports import Port
    from cove.workspace.records import Record
    from cove.workspace.session import Session

TABLES = ("tcp", "tcp6")
ASK_SECONDS = 15.0
PAUSE_SECONDS = 1.0
ASKING_SECONDS = 10.0
"""Between two looks that take a process in the container."""


class PortEvent(NamedTuple):
    """A port that began to listen, or listens no more."""

    event: str
    """`opened` or `closed`."""
    port: Port


def read_ports(session: Session, desk: Desk) -> tuple[Port, ...]:
    """Return the ports of a workspace: the declared ones, then those that listen besides, but those to be ignored.

    One that does not run has its declared ones. Raises EngineError.
    """
    declared, attributes = _said(desk)
    container = desk.container
    listening = read_listening(session.engine, container) if container.running else frozenset[int]()
    if (
        container.network == "host"
    ):  # the tables are the machine's: others' ports are none of this workspace's
        listening = frozenset(port for port in listening if str(port) in declared)
    return describe_ports(declared, listening - _editors(container, desk), attributes)


class Lookout:
    """The ports of many workspaces, looked at often: the engine is asked once about each container."""

    def __init__(self) -> None:
        self._containers: dict[str, ContainerInfo] = {}
        self._seen: dict[str, tuple[float, tuple[Port, ...]]] = {}

    def look(self, session: Session, record: Record) -> tuple[Port, ...]:
        """Return the ports of a workspace that runs; what cannot be found out now is as it was, or as declared.

        A container whose network this machine's kernel does not show takes a process each time, so it is asked less often.
        """
        known = self._containers.get(record.container)
        looked, ports = self._seen.get(record.container, (float("-inf"), ()))
        if known and not _still_there(known) and time.monotonic() - looked < ASKING_SECONDS:
            return ports
        try:
            if known is None or not _still_there(known):
                known = session.engine.inspect_container(record.container)
            if known is None:
                return ()
            ports = read_ports(session, Desk(known, record))
        except CoveError:
            return ports or describe_ports(record.ports, (), record.port_attributes)
        self._containers[record.container] = known
        self._seen[record.container] = time.monotonic(), ports
        return ports


def watch_ports(session: Session, word: str | None, *, pause: float = PAUSE_SECONDS) -> Iterator[PortEvent]:
    """Yield the ports that listen, then each that begins or ceases to, until the workspace stops running.

    The container is looked into every `pause` seconds. Raises NotFound, EngineError.
    """
    desk = need_running_desk(session, word)
    known: dict[int, Port] = {}
    while desk.container.running:
        now = {port.number: port for port in read_ports(session, desk) if port.listening}
        yield from (PortEvent("closed", port) for number, port in known.items() if number not in now)
        yield from (PortEvent("opened", port) for number, port in now.items() if number not in known)
        known = now
        time.sleep(pause)
        if not _still_there(desk.container):
            desk = find_desk(session, word)
    yield from (PortEvent("closed", port) for port in known.values())


def need_running_desk(session: Session, word: str | None) -> Desk:
    """Return a workspace that runs. Raises NotFound, EngineError with the remedy."""
    desk = find_desk(session, word)
    if not desk.container.running:
        raise EngineError(
            f"the workspace {desk.name} is {desk.container.state}", hint=f"Start it: `cove up {desk.folder}`."
        )
    return desk


def read_listening(engine: Engine, container: ContainerInfo) -> frozenset[int]:
    """Return the ports that listen in a running container: from the kernel, or by a command in it.

    What cannot be found out is no port. Raises EngineError when the engine does not answer.
    """
    tables = _read_tables(container)
    if not tables:
        asking = ExecRequest(container.id, ("cat", *(f"/proc/net/{table}" for table in TABLES)))
        tables = engine.exec(asking, timeout=ASK_SECONDS).stdout
    return parse_listening(tables)


def _read_tables(container: ContainerInfo) -> str:
    """Return the tables of the container's network as this machine's kernel shows them; empty where it does not.

    The process is the container's only if its cgroup is named for it: an engine in a virtual machine counts there.
    """
    if not _still_there(container):
        return ""
    try:
        return "".join(_read(f"/proc/{container.pid}/net/{table}") for table in TABLES)
    except OSError:
        return ""


def _still_there(container: ContainerInfo) -> bool:
    try:
        return bool(container.pid) and container.id in _read(f"/proc/{container.pid}/cgroup")
    except OSError:
        return False


def _read(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def _said(desk: Desk) -> tuple[Mapping[str, str], Mapping[str, JsonValue]]:
    """Return the declared ports and what is said of any: from the record, else from the container's metadata."""
    if desk.record is not None:
        return desk.record.ports, desk.record.port_attributes
    from cove.spec.merge import merge_layers, parse_metadata_label

    merged = merge_layers(parse_metadata_label(desk.container.labels.get("devcontainer.metadata", "")))
    attributes = {**merged.ports_attributes, OTHERS: dict(merged.other_ports_attributes or {})}
    return choose_ports(merged.forward_ports, (), merged.ports_attributes), attributes


def _editors(container: ContainerInfo, desk: Desk) -> frozenset[int]:
    """Return the port of cove's own editor, where that is how it is reached."""
    from cove.workspace.editor import PORT_INSIDE

    return frozenset({PORT_INSIDE} if desk.id and f"{PORT_INSIDE}/tcp" in container.ports else ())
