"""Small files a second and large files a second through the gateway, beside the peers, in one run on one machine.

    python bench/gateway.py [SECONDS]

One small server stands behind each of: cove's gateway (signed in, over a unix socket, as a browser meets it),
jupyter-server-proxy (over a unix socket) and configurable-http-proxy (over loopback TCP, all it can do). `wrk` asks
all three in turn, three rounds, loopback only; the best round counts, since only noise makes one slower. The peers
are installed into a cache folder when missing (pip, npm); `wrk` is a Debian package.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cove-bench"
SMALL, LARGE = 4096, 2 << 20
ROUNDS = 3
ID = "0123456789ab"
BUDGETS = (
    # what, which measure, against whom, at least how many times as much
    ("small files", "small", "jupyter-server-proxy", 8.0),
    ("small files", "small", "configurable-http-proxy", 1.0),
    ("large files", "large", "jupyter-server-proxy", 3.0),
    ("large files", "large", "configurable-http-proxy", 1.0),
)

BEHIND = """
import asyncio, sys
try:
    from uvloop import run
except ImportError:
    from asyncio import run
bodies = {b"small": b"s" * int(sys.argv[3]), b"large": b"l" * int(sys.argv[4])}
answers = {
    name: b"HTTP/1.1 200 OK\\r\\nContent-Type: image/x-none\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body
    for name, body in bodies.items()
}
class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.read = transport, b""
    def data_received(self, data):
        self.read += data
        while b"\\r\\n\\r\\n" in self.read:
            head, _, self.read = self.read.partition(b"\\r\\n\\r\\n")
            self.transport.write(answers[b"large" if b"/large" in head.split(b"\\r\\n")[0] else b"small"])
async def main():
    loop = asyncio.get_running_loop()
    kept = [await loop.create_unix_server(Server, sys.argv[1])]
    kept.append(await loop.create_server(Server, "127.0.0.1", int(sys.argv[2])))
    await asyncio.sleep(3600)
run(main())
"""

GATEWAY = """
import sys
from cove.gateway.__main__ import run_loop
from cove.gateway.server import Gateway
from cove.gateway.views import WorkspaceView
from cove.host.machine import read_machine
from cove.places.local import LocalPlace
machine = read_machine()
view = WorkspaceView(sys.argv[1], "bench", "/bench", "running", "docker")
async def main():
    await Gateway(machine, LocalPlace(machine, lambda endpoint: None), lambda: [view]).run()
run_loop(main())
"""


class Door(NamedTuple):
    """Something that stands before the server."""

    name: str
    url: str
    headers: tuple[str, ...] = ()


class Rate(NamedTuple):
    """The best of the rounds."""

    small: float
    """Requests a second."""
    large: float
    """Megabytes (10^6) a second."""


def main() -> int:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    if shutil.which("wrk") is None:
        print("bench/gateway.py needs wrk: apt-get install wrk", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="cove-bench-") as folder, contextlib.ExitStack() as stack:
        doors = start_doors(Path(folder), stack)
        rates = {door.name: Rate(0, 0) for door in doors}
        for _ in range(ROUNDS):
            for door in doors:
                before = rates[door.name]
                small = measure(door, "small", 16, seconds)
                large = measure(door, "large", 8, seconds)
                rates[door.name] = Rate(max(before.small, small), max(before.large, large))
    print_report(rates)
    return 0 if all(ratio(rates, measured, peer) >= budget for _, measured, peer, budget in BUDGETS) else 1


def start_doors(folder: Path, stack: contextlib.ExitStack) -> list[Door]:
    run = folder / "run"
    sockets = run / ID / "s"
    sockets.mkdir(parents=True)
    for private in (run, run / ID):
        private.chmod(0o700)
    behind_port = free_port()
    behind = str(sockets / "ide.sock")
    start(stack, [sys.executable, "-c", BEHIND, behind, str(behind_port), str(SMALL), str(LARGE)])
    wait_for(f"http://127.0.0.1:{behind_port}/small")
    return [
        Door("server alone", f"http://127.0.0.1:{behind_port}"),
        start_cove(folder, run, stack),
        start_jupyter(folder, behind, stack),
        start_configurable(behind_port, stack),
    ]


def start_cove(folder: Path, run: Path, stack: contextlib.ExitStack) -> Door:
    env = {"COVE_HOME": str(folder / "home"), "COVE_RUN_DIR": str(run)}
    os.environ.update(env)
    from cove.gateway.client import mint_link
    from cove.gateway.daemon import read_gateway
    from cove.host.machine import read_machine
    from cove.places.base import Endpoint
    from cove.places.endpoints import write_endpoint

    machine = read_machine()
    write_endpoint(machine, Endpoint(ID, "socket", "docker", "bench"))
    start(stack, [sys.executable, "-c", GATEWAY, ID], env)
    end = time.monotonic() + 20
    while (info := read_gateway(machine)) is None and time.monotonic() < end:
        time.sleep(0.05)
    if info is None:
        raise SystemExit("the gateway did not start")
    # As a browser: the link, the main origin's cookie, the workspace's own origin, its cookie.
    link = mint_link(info, ID)
    host, cookie, path = f"localhost:{info.port}", "", link.partition(str(info.port))[2]
    for _ in range(4):
        request = urllib.request.Request(
            f"http://127.0.0.1:{info.port}{path}",
            headers={
                "Host": host,
                "Cookie": cookie,
                "User-Agent": "Mozilla/5.0",
                "Sec-Fetch-Mode": "navigate",
            },
        )
        answer = open_once(request)
        location = answer.get("Location", "")
        if location.startswith("http://"):
            host, _, path = location.removeprefix("http://").partition("/")
            path, cookie = f"/{path}", ""
        elif location:
            cookie = answer["Set-Cookie"].partition(";")[0]
            path = path.partition("?")[0]
            if host != f"localhost:{info.port}":
                break
    return Door("cove", f"http://127.0.0.1:{info.port}", (f"Host: {host}", f"Cookie: {cookie}"))


def open_once(request: urllib.request.Request) -> dict[str, str]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(request) as answer:
            return dict(answer.headers)
    except urllib.error.HTTPError as error:
        return dict(error.headers)


def start_jupyter(folder: Path, behind: str, stack: contextlib.ExitStack) -> Door:
    venv = CACHE / "jupyter-server-proxy"
    if not (venv / "bin/jupyter-server").exists():
        print("installing jupyter-server-proxy …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin/pip", "install", "--quiet", "jupyter-server-proxy", "jupyter-server"]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    config = folder / "jupyter_server_config.json"
    servers = {"bench": {"command": [], "unix_socket": behind}}
    config.write_text(json.dumps({"ServerProxy": {"servers": servers}, "IdentityProvider": {"token": ""}}))
    port = free_port()
    argv = [
        venv / "bin/jupyter-server",
        "--allow-root",
        "--no-browser",
        f"--config={config}",
        f"--port={port}",
    ]
    start(stack, [str(word) for word in argv], {"HOME": str(folder), "JUPYTER_NO_CONFIG": ""})
    wait_for(f"http://127.0.0.1:{port}/bench/small")
    return Door("jupyter-server-proxy", f"http://127.0.0.1:{port}/bench")


def start_configurable(behind_port: int, stack: contextlib.ExitStack) -> Door:
    folder = CACHE / "configurable-http-proxy"
    program = folder / "node_modules/.bin/configurable-http-proxy"
    if not program.exists():
        print("installing configurable-http-proxy …", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                "npm",
                "install",
                "--prefix",
                folder,
                "--no-audit",
                "--no-fund",
                "--silent",
                "configurable-http-proxy",
            ],
            check=True,
        )
    port = free_port()
    argv = [
        str(program),
        "--ip=127.0.0.1",
        f"--port={port}",
        "--api-ip=127.0.0.1",
        f"--api-port={free_port()}",
    ]
    argv += [f"--default-target=http://127.0.0.1:{behind_port}", "--log-level=error"]
    start(stack, argv, {"CONFIGPROXY_AUTH_TOKEN": "bench"})
    wait_for(f"http://127.0.0.1:{port}/small")
    return Door("configurable-http-proxy", f"http://127.0.0.1:{port}")


def start(stack: contextlib.ExitStack, argv: list[str], env: dict[str, str] | None = None) -> None:
    """Start a process that ends with the stack."""
    process = subprocess.Popen(
        argv,
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def stop() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    stack.callback(stop)


def measure(door: Door, path: str, connections: int, seconds: int) -> float:
    """Return requests a second for the small file, 10^6 bytes a second for the large one."""
    headers = [word for header in door.headers for word in ("-H", header)]
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *headers, f"{door.url}/{path}"]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(f"{door.name}: not all answers were good\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", text)[1])  # type: ignore[index]
    return rate if path == "small" else rate * LARGE / 1e6


def ratio(rates: dict[str, Rate], measured: str, peer: str) -> float:
    return float(getattr(rates["cove"], measured) / getattr(rates[peer], measured))


def print_report(rates: dict[str, Rate]) -> None:
    print(f"{'behind':26}{'4 KiB files/s':>16}{'2 MiB files, MB/s':>20}")
    for name, rate in rates.items():
        print(f"{name:26}{rate.small:16,.0f}{rate.large:20,.0f}")
    print()
    for what, measured, peer, budget in BUDGETS:
        found = ratio(rates, measured, peer)
        verdict = "ok" if found >= budget else "MISSED"
        print(f"{what}, cove to {peer}: {found:.1f} times (budget: at least {budget:g})  {verdict}")


def wait_for(url: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
                return
        except OSError as error:
            if time.monotonic() > end:
                raise SystemExit(f"{url} does not answer: {error}") from error
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return int(link.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
