"""`cove forward`."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.cli.forward import Wish, split_words
from cove.errors import UsageError
from cove.places.base import Endpoint
from cove.places.endpoints import write_endpoint
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.workspace.records import Record


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("6006",), (None, [Wish(6006)])),
        (("6006:16006", "8000"), (None, [Wish(6006, 16006), Wish(8000)])),
        (("digits", "6006"), ("digits", [Wish(6006)])),
        (("./6006", "6006"), ("./6006", [Wish(6006)])),
    ],
)
def test_words(words: tuple[str, ...], expected: tuple[str | None, list[Wish]]) -> None:
    assert split_words(words) == expected


@pytest.mark.parametrize(
    "words", [("digits",), ("digits", "0"), ("digits", "70000"), ("70000",), ("6006", "6006:"), ("6006", "x")]
)
def test_what_is_no_port(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        split_words(words)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cove.places.forward.Forward.serve", lambda *_: None)


def test_a_taken_port_gives_way_unless_it_was_named_or_is_needed(
    machine: Machine,
    there: ContainerInfo,
    record: Record,
    served: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_endpoint(machine, Endpoint(record.id, "socket", "docker", there.id))
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert main(["forward", "digits", str(taken), "--json"]) == 0
        bound = json.loads(capsys.readouterr().out)["forwards"]
        assert bound[0]["port"] == taken
        assert bound[0]["local"] not in {f"127.0.0.1:{taken}", ""}
        assert main(["forward", "digits", f"6006:{taken}"]) == 9
        assert f"cannot listen on 127.0.0.1:{taken}" in capsys.readouterr().err
        write_record(machine, record._replace(port_attributes={str(taken): {"requireLocalPort": True}}))
        assert main(["forward", "digits", str(taken)]) == 9


def test_without_a_way_in(there: ContainerInfo, record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forward", "digits", "6006"]) == 9
    assert "there is no way into digits yet" in capsys.readouterr().err
