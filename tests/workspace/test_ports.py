"""What listens in a workspace, and when that changes."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from cove.errors import EngineError, NotFound
from cove.spec.ports import Port
from cove.workspace import ports
from cove.workspace.address import find_desk
from cove.workspace.ports import Lookout, PortEvent, read_listening, read_ports, watch_ports
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine, FakeRunner
    from cove.workspace.records import Record
    from cove.workspace.session import Session

LINE = "   0: 0100007F:{:04X} 00000000:0000 0A 0 0\n"


def listen(runner: FakeRunner, *numbers: int) -> None:
    runner.answer("docker exec cat /proc/net/tcp", stdout="".join(map(LINE.format, numbers)))


def test_declared_and_listening(
    session: Session, runner: FakeRunner, there: ContainerInfo, record: Record
) -> None:
    listen(runner, 6006, 8000)
    said = record._replace(ports={"6006": "TensorBoard"}, port_attributes={"8000": {"protocol": "https"}})
    write_record(session.machine, said)
    assert read_ports(session, find_desk(session, "digits")) == (
        Port(6006, "TensorBoard", declared=True, listening=True),
        Port(8000, protocol="https", listening=True),
    )


def test_the_editors_own_port_is_none_of_them(
    session: Session, engine: FakeEngine, runner: FakeRunner, there: ContainerInfo, record: Record
) -> None:
    from cove.workspace.editor import PORT_INSIDE

    listen(runner, PORT_INSIDE, 8000)
    engine.there[there.id] = there._replace(ports={f"{PORT_INSIDE}/tcp": "127.0.0.1:49153"})
    assert [port.number for port in read_ports(session, find_desk(session, "digits"))] == [8000]


def test_in_the_machines_own_network_only_declared_ones_count(
    session: Session, engine: FakeEngine, runner: FakeRunner, there: ContainerInfo, record: Record
) -> None:
    listen(runner, 22, 6006)
    engine.there[there.id] = there._replace(network="host")
    write_record(session.machine, record._replace(ports={"6006": ""}))
    assert read_ports(session, find_desk(session, "digits")) == (Port(6006, declared=True, listening=True),)


def test_another_tools_container_says_its_ports_in_its_label(session: Session, engine: FakeEngine) -> None:
    metadata = '[{"forwardPorts": [3000], "otherPortsAttributes": {"onAutoForward": "ignore"}}]'
    labels = {"devcontainer.local_folder": "/home/ada/x", "devcontainer.metadata": metadata}
    engine.add_container(labels=labels)
    assert read_ports(session, find_desk(session, "/home/ada/x")) == (Port(3000, declared=True),)


def test_the_kernel_is_read_where_the_process_is_the_containers(
    engine: FakeEngine, there: ContainerInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = there._replace(pid=os.getpid())
    assert not read_listening(engine, own)  # not its cgroup: the container is asked, and says nothing
    read = ports._read
    monkeypatch.setattr(ports, "_read", lambda path: there.id if path.endswith("/cgroup") else read(path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port in read_listening(engine, own)
    assert port not in read_listening(engine, own)


def test_what_comes_and_goes(
    session: Session, engine: FakeEngine, runner: FakeRunner, there: ContainerInfo, record: Record
) -> None:
    listen(runner, 8000)
    events: Iterator[PortEvent] = watch_ports(session, "digits", pause=0)
    assert next(events) == PortEvent("opened", Port(8000, listening=True))
    listen(runner, 8000, 9000)
    assert next(events) == PortEvent("opened", Port(9000, listening=True))
    listen(runner, 9000)
    assert next(events) == PortEvent("closed", Port(8000, listening=True))
    engine.there[there.id] = there._replace(state="exited")
    assert list(events) == [PortEvent("closed", Port(9000, listening=True))]
    with pytest.raises(EngineError, match="is exited"):
        next(watch_ports(session, "digits"))
    with pytest.raises(NotFound):
        next(watch_ports(session, "nobody"))


def test_a_page_asks_the_engine_once(
    session: Session,
    engine: FakeEngine,
    runner: FakeRunner,
    there: ContainerInfo,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listen(runner, 8000)
    lookout = Lookout()
    assert [port.number for port in lookout.look(session, record)] == [8000]
    asked = len(runner.commands)
    listen(runner, 9000)
    assert [port.number for port in lookout.look(session, record)] == [8000]
    assert len(runner.commands) == asked
    monkeypatch.setattr(ports, "ASKING_SECONDS", 0)
    assert [port.number for port in lookout.look(session, record)] == [9000]
    engine.failures["inspect"] = EngineError("gone")
    assert lookout.look(session, record) is not None
    del engine.there[there.id], engine.failures["inspect"]
    assert Lookout().look(session, record) == ()
