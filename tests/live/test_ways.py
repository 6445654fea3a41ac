"""The ways into a workspace: a shared socket, a stream through the engine's exec, a published port with a secret."""

from __future__ import annotations

import json
import signal
import urllib.error
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testbed.workspace import BASE, Workspace, fetch, write_files

from cove.ide.base import SOCKETS_AT

if TYPE_CHECKING:
    from testbed.command import Cove
    from testbed.engine import Engine

# How an image is built changes nothing here: no legacy builder.
pytestmark = pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True)

SERVE = """
mkdir -p /tmp/site && echo 'loss 0.01' > /tmp/site/board.txt
setsid python3 -m http.server --bind 127.0.0.1 8123 --directory /tmp/site >/dev/null 2>&1 </dev/null &
for try in 1 2 3 4 5 6 7 8 9 10; do
  python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8123), 1)' 2>/dev/null && exit 0
  sleep 0.3
done
exit 1
"""
IMPOSTOR = f"""
import os, socket
door = socket.socket(socket.AF_UNIX)
door.bind("{SOCKETS_AT}/other.sock")
os.chmod("{SOCKETS_AT}/other.sock", 0o666)
door.listen()
os.unlink("{SOCKETS_AT}/ide.sock")
os.symlink("other.sock", "{SOCKETS_AT}/ide.sock")
if os.fork():
    os._exit(0)
os.setsid()
for number in (0, 1, 2):
    os.dup2(os.open(os.devnull, os.O_RDWR), number)
while True:
    caller, _ = door.accept()
    open("/tmp/called", "w").close()
    caller.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 8\\r\\n\\r\\nimpostor")
    caller.close()
"""


def start(cove: Cove, folder: Path, way: str = "", **config: object) -> Workspace:
    """Bring up a workspace of the base image, reached this way."""
    write_files(folder, {".devcontainer.json": {"image": BASE, **config}})
    workspace = Workspace(cove, folder)
    workspace.up("--trust", env={"COVE_WAY": way})
    return workspace


def read_way(workspace: Workspace) -> str:
    return str(workspace.cove("info", workspace.opened["name"], "--json").check().json["way"])


def check_port_inside(workspace: Workspace) -> None:
    """Reach a server inside through `/w/NAME/proxy/PORT/`, with a session of the gateway's own page."""
    workspace.sh(SERVE)
    main = workspace.cove("gateway", "open", "--json").check().json["url"]
    jar = CookieJar()
    assert fetch(main, jar)[0] == 200
    board = f"{main.partition('?')[0]}w/{workspace.opened['name']}/proxy/8123/board.txt"
    assert fetch(board, jar) == (200, "loss 0.01\n")
    assert fetch(board)[0] in {401, 403}
    check_port_is_shown(workspace, main, jar)
    check_port_on_loopback(workspace)


def check_port_is_shown(workspace: Workspace, main: str, jar: CookieJar) -> None:
    """See the server that nobody declared in `cove ports` and on the gateway's page, and what comes and goes told."""
    name = workspace.opened["name"]
    shown = workspace.cove("ports", name, "--json").check().json["ports"]
    assert [(port["port"], port["label"], port["listening"]) for port in shown] == [(8123, "", True)]
    page = fetch(f"{main.partition('?')[0]}_cove/list", jar)[1]
    assert f'href="/w/{name}/proxy/8123/"' in page
    watching = workspace.cove.start("ports", name, "--watch", "--json")
    try:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["event"] == "opened"
        workspace.sh(SERVE.replace("8123", "8124"))
        told = json.loads(watching.stdout.readline())
        assert (told["event"], told["port"]) == ("opened", 8124)
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=30)


def check_port_on_loopback(workspace: Workspace) -> None:
    """Reach the server through a port of this machine's, until the command ends."""
    words = ("forward", workspace.opened["name"], "8123", "--json")
    forwarding = workspace.cove.start(*words)
    try:
        assert forwarding.stdout is not None
        [bound] = json.loads(forwarding.stdout.readline())["forwards"]
        assert fetch(f"http://{bound['local']}/board.txt") == (200, "loss 0.01\n")
    finally:
        forwarding.send_signal(signal.SIGINT)
        forwarding.communicate(timeout=30)
    with pytest.raises(urllib.error.URLError):
        fetch(f"http://{bound['local']}/board.txt")


def test_a_stream_through_exec(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    workspace = start(cove, tmp_path / "By Exec", "exec")
    workspace.workbench()
    assert read_way(workspace) == "exec"
    check_port_inside(workspace)


def test_a_published_port_has_a_secret(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    workspace = start(cove, tmp_path / "by-port", "port")
    jar = workspace.workbench()
    assert read_way(workspace) == "port"
    check_port_inside(workspace)

    (endpoint,) = Path(cove.home.env["COVE_HOME"], "state").glob("*/endpoint.json")
    assert endpoint.stat().st_mode & 0o077 == 0
    way = json.loads(endpoint.read_text())
    secret = way["secret"]
    assert len(secret) == 64
    assert way["address"].startswith("127.0.0.1:"), "other machines must not reach it"
    _, page = fetch(f"http://{way['address']}/")
    assert "workbench" not in page, "who only finds the port gets a login"
    assert secret not in engine.cli("inspect", workspace.opened["containerId"]).stdout
    assert secret not in workspace.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert secret not in workspace.sh("env")
    assert not any(secret in str(cookie.value) for cookie in jar), "the gateway keeps it"

    # Another port and another secret after a stop; the link leads there.
    workspace.cove("stop", "by-port").check()
    workspace.up(env={"COVE_WAY": "port"})
    workspace.workbench()
    assert json.loads(endpoint.read_text())["secret"] != secret


@pytest.mark.full("definitions")
def test_a_container_made_for_another_way(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path
) -> None:
    """What was not published when it was made cannot be reached by a port: the way that is there is taken."""
    workspace = start(cove, tmp_path / "changed", "exec")
    workspace.cove("stop", "changed").check()
    workspace.up(env={"COVE_WAY": "port"})
    workspace.workbench()
    assert read_way(workspace) == "socket"


def test_a_container_without_network(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    workspace = start(cove, tmp_path / "airgap", runArgs=["--network", "none"])
    assert workspace.sh("ls /sys/class/net") == "lo"
    workspace.workbench()
    assert read_way(workspace) == "socket"
    check_port_inside(workspace)


def test_a_socket_that_was_replaced_inside(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path
) -> None:
    workspace = start(cove, tmp_path / "swapped")
    workspace.exec("python3", "-c", IMPOSTOR).check()
    jar = CookieJar()
    status, page = fetch(workspace.opened["url"], jar)
    assert status >= 500, (status, page)
    assert "impostor" not in page
    assert "not a socket" in page
    assert workspace.exec("test", "-e", "/tmp/called").code == 1, "it was not even connected to"
    workspace.up()
    workspace.workbench()
