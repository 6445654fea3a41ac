from __future__ import annotations

import os
import shutil
import socket
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, PlaceError
from cove.host.proc import Command
from cove.places.base import Endpoint, Target
from cove.places.local import (
    LocalPlace,
    connect_port,
    editor_socket,
    make_socket_folder,
    mux_request,
    socket_folder,
)

from .conftest import echo, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.host.machine import Machine

ENDPOINT = Endpoint("0123456789ab", "socket", "docker", "c1")


@pytest.fixture
def place(machine: Machine) -> Iterator[LocalPlace]:
    node = shutil.which("node")
    assert node, "these tests need node on PATH (apt-get install nodejs)"
    place = LocalPlace(machine, lambda _: Command((node, str(files("cove.ide") / "inside" / "mux.js"))))
    yield place
    place.close()


def bind(path: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    return server


def test_the_folder_is_open_inside_and_closed_around(machine: Machine) -> None:
    folder = Path(make_socket_folder(machine, ENDPOINT.id))
    assert str(folder) == socket_folder(machine, ENDPOINT.id)
    assert folder.stat().st_mode & 0o777 == 0o777
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert folder.parent.parent.stat().st_mode & 0o777 == 0o700


def test_the_folder_is_made_anew(machine: Machine) -> None:
    folder = Path(make_socket_folder(machine, ENDPOINT.id))
    bind(editor_socket(machine, ENDPOINT.id)).close()
    (folder / "outside").symlink_to("/etc")
    make_socket_folder(machine, ENDPOINT.id)
    assert list(folder.parent.rglob("*")) == [folder]
    assert Path("/etc/passwd").exists()


def test_a_path_too_long_for_a_socket_is_said_before_it_fails(machine: Machine) -> None:
    long = machine._replace(directories=machine.directories._replace(run="/tmp/" + "x" * 90))
    with pytest.raises(PlaceError, match="too long"):
        make_socket_folder(long, ENDPOINT.id)


def test_someone_elses_run_folder_is_refused(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    Path(machine.directories.run).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError):
        make_socket_folder(machine, ENDPOINT.id)


def test_the_editors_socket(machine: Machine, place: LocalPlace) -> None:
    make_socket_folder(machine, ENDPOINT.id)
    with (
        listening(bind(editor_socket(machine, ENDPOINT.id)), echo),
        place.connect(ENDPOINT, Target()) as link,
    ):
        link.sendall(b"hello")
        assert link.recv(100) == b"hello"


def test_no_socket_yet(machine: Machine, place: LocalPlace) -> None:
    with pytest.raises(PlaceError, match="does not listen"):
        place.connect(ENDPOINT, Target())
    make_socket_folder(machine, ENDPOINT.id)
    with pytest.raises(PlaceError, match="does not listen"):
        place.connect(ENDPOINT, Target())
    bind(editor_socket(machine, ENDPOINT.id)).close()
    with pytest.raises(PlaceError, match="refused"):
        place.connect(ENDPOINT, Target())


def test_a_link_in_place_of_the_socket_is_not_followed(
    machine: Machine, place: LocalPlace, tmp_path: Path
) -> None:
    make_socket_folder(machine, ENDPOINT.id)
    with listening(bind(f"{tmp_path}/d.sock"), echo):
        os.symlink(f"{tmp_path}/d.sock", editor_socket(machine, ENDPOINT.id))
        with pytest.raises(PlaceError, match="not a socket"):
            place.connect(ENDPOINT, Target())


@pytest.mark.parametrize("kind", ["file", "folder", "pipe"])
def test_anything_else_in_place_of_the_socket_is_refused(
    machine: Machine, place: LocalPlace, kind: str
) -> None:
    make_socket_folder(machine, ENDPOINT.id)
    path = Path(editor_socket(machine, ENDPOINT.id))
    {"file": path.touch, "folder": path.mkdir, "pipe": lambda: os.mkfifo(path)}[kind]()
    with pytest.raises(PlaceError, match="not a socket"):
        place.connect(ENDPOINT, Target())


def test_a_folder_that_others_may_enter_is_not_trusted(machine: Machine, place: LocalPlace) -> None:
    folder = Path(make_socket_folder(machine, ENDPOINT.id))
    with listening(bind(editor_socket(machine, ENDPOINT.id)), echo):
        folder.parent.chmod(0o755)
        with pytest.raises(PlaceError, match="alone"):
            place.connect(ENDPOINT, Target())


def test_a_published_port(place: LocalPlace) -> None:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    with listening(server, echo):
        endpoint = ENDPOINT._replace(way="port", address=f"127.0.0.1:{server.getsockname()[1]}")
        with place.connect(endpoint, Target()) as link:
            link.sendall(b"hello")
            assert link.recv(100) == b"hello"


@pytest.mark.parametrize("address", ["", "nonsense", "127.0.0.1:", "127.0.0.1:1"])
def test_a_port_that_is_none(address: str) -> None:
    with pytest.raises(PlaceError, match="does not listen"):
        connect_port(address)


@pytest.mark.parametrize("way", ["socket", "exec", "port"])
def test_a_port_inside_goes_through_exec(place: LocalPlace, way: str) -> None:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    endpoint = ENDPOINT._replace(way=way)  # type: ignore[arg-type]
    with listening(server, echo), place.connect(endpoint, Target(server.getsockname()[1])) as link:
        link.sendall(b"hello")
        assert link.recv(100) == b"hello"


def test_one_stream_a_container_and_a_new_one_when_it_died(place: LocalPlace) -> None:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    target = Target(server.getsockname()[1])
    with listening(server, echo):
        place.connect(ENDPOINT, target).close()
        [first] = place._muxes.values()
        place.connect(ENDPOINT, target).close()
        assert list(place._muxes.values()) == [first]
        first._pipe._process.kill()
        with place.connect(ENDPOINT, target) as link:
            link.sendall(b"again")
            assert link.recv(100) == b"again"
        assert list(place._muxes.values()) != [first]


def test_the_command_in_the_container() -> None:
    request = mux_request("c1")
    assert request.container == "c1"
    assert request.argv == ("/opt/cove/ide/bin/node", "/opt/cove/ide/inside/mux.js")
    assert request.interactive
    assert not request.tty
