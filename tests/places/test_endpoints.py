from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cove.places.base import Endpoint
from cove.places.endpoints import endpoint_path, read_endpoint, remove_endpoint, write_endpoint

if TYPE_CHECKING:
    from cove.host.machine import Machine

ENDPOINT = Endpoint("0123456789ab", "port", "docker", "c1", address="127.0.0.1:49153", secret="hash")


def test_an_endpoint_comes_back_as_it_was(machine: Machine) -> None:
    write_endpoint(machine, ENDPOINT)
    assert read_endpoint(machine, ENDPOINT.id) == ENDPOINT


def test_it_holds_a_secret_so_only_its_owner_reads_it(machine: Machine) -> None:
    write_endpoint(machine, ENDPOINT)
    path = Path(endpoint_path(machine, ENDPOINT.id))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_none_where_there_is_none_or_it_is_of_another_version(machine: Machine) -> None:
    assert read_endpoint(machine, ENDPOINT.id) is None
    path = Path(endpoint_path(machine, ENDPOINT.id))
    path.parent.mkdir(parents=True)
    for text in ("", "{", '{"id": "x", "planet": 3}', "[]", '"x"'):
        path.write_text(text)
        assert read_endpoint(machine, ENDPOINT.id) is None


def test_removing_twice_is_no_error(machine: Machine) -> None:
    write_endpoint(machine, ENDPOINT)
    remove_endpoint(machine, ENDPOINT.id)
    remove_endpoint(machine, ENDPOINT.id)
    assert read_endpoint(machine, ENDPOINT.id) is None
