"""The gateway's own process, found, asked, stopped and restarted."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import NotFound, PlaceError, UsageError
from cove.gateway import client, daemon
from cove.gateway.views import Listen, parse_view

from .conftest import ID, VIEW, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.host.machine import Machine


@pytest.fixture
def home(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine whose gateway is this test's own, and is gone after it."""
    monkeypatch.setenv("COVE_HOME", machine.home)
    monkeypatch.setenv("COVE_RUN_DIR", machine.directories.run)
    monkeypatch.setenv("PATH", "/nowhere")  # this machine's engines are none of the test's business
    port_file = Path(daemon.state_folder(machine)) / "port"
    port_file.parent.mkdir(parents=True, mode=0o700)
    port_file.write_text(str(free_port()))
    yield machine
    daemon.stop_gateway(machine)


def status(url: str, cookie: str = "") -> int:
    request = urllib.request.Request(url, headers={"Cookie": cookie})  # noqa: S310 - loopback only
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def sign_in(link: str) -> str:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(Stay).open(link)
    with caught.value as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def test_its_life(home: Machine) -> None:
    assert daemon.read_gateway(home) is None
    info = daemon.ensure_gateway(home)
    assert daemon.ensure_gateway(home) == info
    assert status(f"{info.url}/") == 401
    cookie = sign_in(client.mint_link(info))
    assert status(f"{info.url}/", cookie) == 200

    with pytest.raises(NotFound, match="nothing"):
        client.mint_link(info, "nothing")
    progress = Path(home.directories.state) / ID / "progress.jsonl"
    progress.parent.mkdir()
    progress.touch()
    client.register(info, VIEW._replace(state="building"))
    assert client.list_known(info) == [VIEW._replace(state="building")]
    assert client.mint_link(info, ID).startswith(f"{info.url}/w/digits/?token=cove_")
    assert client.mint_link(info, "digits", path="proxy/3000/").startswith(
        f"{info.url}/w/digits/proxy/3000/?token="
    )

    # A restart is noticed by nobody: same port, same sessions.
    assert daemon.stop_gateway(home)
    assert not daemon.stop_gateway(home)
    again = daemon.ensure_gateway(home)
    assert (again.url, again.pid != info.pid) == (info.url, True)
    assert status(f"{again.url}/", cookie) == 200


def test_one_workspace_by_itself_comes_back_with_the_gateway(home: Machine) -> None:
    info = daemon.ensure_gateway(home)
    client.register(info, VIEW)
    port = free_port()
    link = client.serve_one(info, ID, Listen(port=port))
    assert link.startswith(f"http://localhost:{port}/?token=cove_")
    assert client.serve_one(info, ID, Listen(port=port, auth="none")) == f"http://localhost:{port}/"
    cookie = sign_in(client.serve_one(info, ID, Listen(port=port)))
    assert status(f"http://localhost:{port}/") == 401
    with pytest.raises(UsageError, match="cannot be listened on"):
        client.serve_one(info, "ba9876543210", Listen(port=port))
    with pytest.raises(UsageError, match="TLS"):
        client.serve_one(info, ID, Listen(host="0.0.0.0", port=port))  # noqa: S104 - refused
    daemon.stop_gateway(home)
    info = daemon.ensure_gateway(home)
    assert status(f"http://localhost:{port}/") == 401
    assert status(f"http://localhost:{port}/", cookie) != 401
    assert client.stop_one(info, ID) == 1
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://localhost:{port}/", timeout=5)


def test_two_at_once_start_one(home: Machine) -> None:
    found: list[daemon.GatewayInfo] = []
    threads = [threading.Thread(target=lambda: found.append(daemon.ensure_gateway(home))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4


def test_one_of_another_version_is_replaced(home: Machine) -> None:
    old = daemon.ensure_gateway(home)
    path = Path(daemon.info_path(home))
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "0.0.1"}))
    new = daemon.ensure_gateway(home)
    assert (new.pid != old.pid, new.url) == (True, old.url)


def test_a_killed_one_is_started_again(home: Machine) -> None:
    import os
    import signal

    info = daemon.ensure_gateway(home)
    os.kill(info.pid, signal.SIGKILL)
    end = time.monotonic() + 5
    while daemon.answers(info.control) and time.monotonic() < end:
        time.sleep(0.01)
    assert daemon.read_gateway(home) is None
    assert daemon.ensure_gateway(home).url == info.url


def test_a_port_that_is_taken_is_named(home: Machine) -> None:
    import socket

    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        link.listen()
        port = link.getsockname()[1]
        with pytest.raises(PlaceError, match="did not start") as caught:
            daemon.ensure_gateway(home, port=port)
        assert f"port {port} is taken" in caught.value.detail


def test_nobody_else_can_ask_it(home: Machine) -> None:
    info = daemon.ensure_gateway(home)
    assert Path(info.control).stat().st_mode & 0o777 == 0o600
    assert Path(home.directories.run).stat().st_mode & 0o777 == 0o700
    for name in ("secret", "gateway.log"):
        assert (Path(daemon.state_folder(home)) / name).stat().st_mode & 0o777 == 0o600


def test_finding_it_imports_nothing_heavy() -> None:
    code = "import sys, cove.gateway.daemon, cove.gateway.client; cove.gateway.daemon.answers('/nowhere'); print(*sys.modules)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.split()
    )
    assert not loaded & {
        "asyncio",
        "aiohttp",
        "socket",
        "ssl",
        "subprocess",
        "logging",
        "pathlib",
        "tempfile",
        "shutil",
    }


def test_users_of_one_machine_start_at_ports_of_their_own() -> None:
    assert daemon.choose_first_port(1000) == 18000
    assert daemon.choose_first_port(1001) == 18001
    assert 1024 < daemon.choose_first_port(4_000_000_000) < 32768


def test_a_view_survives_the_wire() -> None:
    assert parse_view(json.loads(json.dumps(VIEW._asdict()))) == VIEW
