"""The editor's start, and the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cove.errors import ConfigurationError, EngineError, PlaceError
from cove.ide.base import Bundle
from cove.places.base import Endpoint
from cove.places.endpoints import read_endpoint, write_endpoint
from cove.places.local import make_socket_folder
from cove.settings.settings import Settings
from cove.spec.merge import merge_layers
from cove.workspace.editor import PORT_INSIDE, furnish
from cove.workspace.opening import is_alive, open_place, start_editor

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine
    from cove.workspace.editor import Editor
    from cove.workspace.read import Reading
    from cove.workspace.records import Record
    from cove.workspace.session import Session


@pytest.fixture
def furnished(session: Session, read: Callable[..., Reading], there: ContainerInfo) -> Callable[..., Editor]:
    def make(way: str = "") -> Editor:
        session.settings = Settings(way=way)
        bundle = Bundle("/cache/ide/x", "code-server", "4.1", "amd64", "glibc", "0", "release")
        reading = read('{"image": "debian"}')
        make_socket_folder(session.machine, reading.address.id)
        return furnish(session, reading, merge_layers(()), bundle, isolated=False)

    return make


def test_started_as_the_remote_user_and_reached_by_its_socket(
    session: Session, engine: FakeEngine, record: Record, furnished: Callable[..., Editor], editor: object
) -> None:
    assert start_editor(session, record.id, record, furnished()).editor == "code-server 4.1"
    (asked,) = engine.execs
    assert (asked.user, asked.workdir, asked.detach) == ("dev", "/workspaces/digits", True)
    assert asked.env["EDITOR"] == "vi"
    assert "VSCODE_PROXY_URI" in asked.env
    assert read_endpoint(session.machine, record.id) == Endpoint(
        record.id, "socket", "docker", record.container
    )


@pytest.mark.parametrize(
    ("way", "closed", "tried", "expected"),
    [
        ("", {"socket"}, ["socket", "exec"], "exec"),
        ("exec", set(), ["exec"], "exec"),
        ("port", set(), ["port"], "port"),
        ("", {"socket", "exec"}, ["socket", "exec"], None),
        ("exec", {"exec"}, ["exec"], None),
        ("port", {"port"}, ["port"], None),
    ],
)
def test_ways_in_their_order(
    session: Session,
    record: Record,
    furnished: Callable[..., Editor],
    editor: Any,
    way: str,
    closed: set[str],
    tried: list[str],
    expected: str | None,
) -> None:
    editor.closed = closed
    ready = furnished(way)
    if expected:
        start_editor(session, record.id, record, ready)
    else:
        with open(f"{ready.data}/editor.log", "w") as file:
            file.write("it said why")
        with pytest.raises(PlaceError, match=f"nothing by {tried[0]}") as caught:
            start_editor(session, record.id, record, ready)
        assert caught.value.detail == "it said why"
    assert [endpoint.way for endpoint in editor.tried] == tried
    noted = read_endpoint(session.machine, record.id)
    assert (noted.way if noted else None) == expected


def test_a_published_port_and_its_secret_are_noted(
    session: Session,
    engine: FakeEngine,
    there: ContainerInfo,
    record: Record,
    furnished: Callable[..., Editor],
    editor: object,
) -> None:
    ready = furnished("port")
    engine.there[there.id] = there._replace(ports={f"{PORT_INSIDE}/tcp": "127.0.0.1:49153"})
    start_editor(session, record.id, record, ready)
    noted = read_endpoint(session.machine, record.id)
    assert noted is not None
    assert (noted.address, noted.secret) == ("127.0.0.1:49153", ready.request.secret)


def test_a_start_that_the_engine_refuses(
    session: Session, engine: FakeEngine, record: Record, furnished: Callable[..., Editor]
) -> None:
    engine.runner.answer("docker exec", code=126, stderr="no such file: /bin/sh")
    with pytest.raises(EngineError, match="the editor could not be started") as caught:
        start_editor(session, record.id, record, furnished())
    assert caught.value.detail == "no such file: /bin/sh"


def test_an_image_that_cannot_run_it_is_not_waited_for(
    session: Session, record: Record, furnished: Callable[..., Editor], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = furnished()
    with open(f"{ready.data}/problem", "w") as file:
        file.write("this image has musl")

    def wait(*_: object, on_progress: Callable[[float], None], **__: object) -> None:
        on_progress(1.0)

    monkeypatch.setattr("cove.places.probe.wait_until_ready", wait)
    with pytest.raises(ConfigurationError, match="this image has musl"):
        start_editor(session, record.id, record, ready)


def test_alive_is_who_takes_connections(
    session: Session, record: Record, furnished: Callable[..., Editor], editor: Any
) -> None:
    assert not is_alive(session, record)
    start_editor(session, record.id, record, furnished())
    assert is_alive(session, record)
    assert not is_alive(session, record._replace(container="another"))
    editor.listening[0].close()
    assert not is_alive(session, record)
    write_endpoint(session.machine, Endpoint(record.id, "port", "docker", record.container, "127.0.0.1:x"))
    assert not is_alive(session, record)


def test_the_place_goes_through_the_engines_exec(session: Session, engine: FakeEngine) -> None:
    place = open_place(session)
    command = place._engine_command(Endpoint("id", "exec", "docker", "c1"))
    assert command.argv[:3] == ("docker", "exec", "c1")
    assert engine.execs[0].interactive
