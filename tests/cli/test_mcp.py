"""`cove mcp`; what it serves is seen in tests/mcp and by the protocol's own client in tests/live."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from cove.cli import main

if TYPE_CHECKING:
    import pytest


def test_nothing_granted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp"]) == 2
    assert "nothing is granted" in capsys.readouterr().err


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "cove.mcp.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp.server.fastmcp", None)
    assert main(["mcp", "--allow", "nets"]) == 2
    assert "pip install 'cove[mcp]'" in capsys.readouterr().err


def test_it_serves_on_standard_input_and_output(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []

    class Server:
        def run(self, transport: str) -> None:
            served.append(transport)

    def make(desks: Any) -> Server:
        served.append([(grant.what, sorted(grant.tools)) for grant in desks._grants])
        return Server()

    monkeypatch.setattr("cove.mcp.server.make_server", make)
    assert main(["mcp", "--allow", "nets=up", "--allow", "n*"]) == 0
    assert served == [[("nets", ["up"]), ("n*", ["exec", "logs", "ports"])], "stdio"]
