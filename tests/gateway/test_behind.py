from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from typing import TYPE_CHECKING

import aiohttp
import pytest

from cove.gateway.behind import SECRET_VARIABLE, main, parse_words, serve

from .conftest import FakePlace

if TYPE_CHECKING:
    from pathlib import Path

    from cove.host.machine import Machine


def test_a_socket_for_its_owner_alone(machine: Machine, tmp_path: Path) -> None:
    place = tmp_path / "s"
    path = str(place)
    there = place.exists

    async def run() -> None:
        words = parse_words(["--socket", path, "--root", "/home/ana"])
        serving = asyncio.create_task(serve(machine, FakePlace(), list, words, ""))
        while not there():
            await asyncio.sleep(0.01)
            assert not serving.done(), serving.result()
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
            session.get("http://hub.example/") as answer,
        ):
            assert answer.status == 200
            assert "No workspace yet" in await answer.text()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 10)

    asyncio.run(run())


def test_a_port_needs_a_secret(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "argv", ["behind", "--port", "1"])
    assert main() == 2
    assert SECRET_VARIABLE in capsys.readouterr().err


def test_one_place_is_named() -> None:
    with pytest.raises(SystemExit):
        parse_words([])
