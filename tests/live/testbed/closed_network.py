"""A closed network: a namespace whose only neighbour is a proxy that opens every TLS connection; and its air gap."""

from __future__ import annotations

import contextlib
import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from testbed.authority import make_authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.slot import Slot

DOMAIN = "corp.test"
HOSTS = tuple(f"{name}.{DOMAIN}" for name in ("pypi", "npm", "gallery", "git"))
"""What the company mirrors. No resolver knows these names: only the proxy does."""


class ClosedNetwork(NamedTuple):
    """The namespace, its proxy, and what people in it must know."""

    slot: Slot
    site: Path
    """What the mirrors have: `HOST/path`."""
    authority: Path
    proxy: str
    asked: set[str]
    """The hosts that anybody has asked the proxy for."""

    @property
    def inside(self) -> tuple[str, ...]:
        """Return the words before a command that is to run in the namespace: only its network is another."""
        return ("nsenter", f"--net=/run/netns/{namespace(self.slot)}", "--")

    def cut(self) -> None:
        """Make the air gap: the namespace has no neighbour any more."""
        subprocess.run(["ip", "link", "del", f"{namespace(self.slot)}h"], check=True)


def namespace(slot: Slot) -> str:
    """Return the name of the namespace, and of what belongs to it."""
    return f"cvn{slot.number}"


@contextlib.contextmanager
def closed_network(slot: Slot, folder: Path) -> Iterator[ClosedNetwork]:
    """Make the namespace and its proxy, until the block ends."""
    # Outside of the slot's networks: what leaves those gets the namespace's own address.
    name, host, own = namespace(slot), f"10.214.{slot.number}.1", f"10.214.{slot.number}.2"
    (folder / "ca").mkdir(parents=True)
    authority = make_authority(folder / "ca", [f"DNS:{host}" for host in HOSTS])
    remove(name)
    try:
        subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(
            ["ip", "link", "add", f"{name}h", "type", "veth", "peer", "name", f"{name}c", "netns", name],
            check=True,
        )
        subprocess.run(["ip", "addr", "add", f"{host}/24", "dev", f"{name}h"], check=True)
        subprocess.run(["ip", "link", "set", f"{name}h", "up"], check=True)
        for words in (
            ["addr", "add", f"{own}/24", "dev", f"{name}c"],
            ["link", "set", "lo", "up"],
            ["link", "set", f"{name}c", "up"],
        ):
            subprocess.run(["ip", "-n", name, *words], check=True)
        (folder / "site").mkdir()
        with intercepting(host, folder / "site", folder / "ca" / "server.pem") as (port, asked):
            yield ClosedNetwork(slot, folder / "site", authority, f"http://{host}:{port}", asked)
    finally:
        remove(name)


def remove(name: str) -> None:
    """Remove the namespace and its way out, as far as they are there."""
    subprocess.run(["ip", "link", "del", f"{name}h"], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


class Interceptor(BaseHTTPRequestHandler):
    """Takes a tunnel for the host's own, speaks TLS with the company's certificate, and answers from the mirrors."""

    protocol_version = "HTTP/1.1"
    context: ssl.SSLContext
    site: Path
    asked: set[str]
    host = ""

    def do_CONNECT(self) -> None:
        self.host = self.path.partition(":")[0]
        self.asked.add(self.host)
        if self.host not in HOSTS:
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        self.rfile.close()
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")  # type: ignore[assignment]
        self.wfile = self.connection.makefile("wb", buffering=0)  # type: ignore[assignment]
        self.close_connection = False

    def finish(self) -> None:
        """Close the tunnel's own socket too."""
        super().finish()
        self.connection.close()

    def do_GET(self) -> None:
        if not self.host:
            self.asked.add(urlsplit(self.path).hostname or "")
            self.send_error(403)
            return
        path = (self.site / self.host / urlsplit(self.path).path.strip("/")).resolve()
        path = path / "index" if path.is_dir() else path
        if self.site.resolve() not in path.parents or not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        kind = "application/json" if body[:1] == b"{" else "application/octet-stream"
        self.send_header("Content-Type", "text/html" if path.name == "index" and body[:1] == b"<" else kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Quiet(ThreadingHTTPServer):
    """Keeps to itself what becomes of a connection."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def intercepting(address: str, site: Path, tls: Path) -> Iterator[tuple[int, set[str]]]:
    """Run the proxy at an address; give its port, and the hosts it is asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls)
    asked: set[str] = set()
    handler = type("Handler", (Interceptor,), {"context": context, "site": site, "asked": asked})
    server = Quiet((address, 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def gallery_answer(publisher: str, name: str, version: str, address: str) -> str:
    """Return what a gallery says of its only extension."""
    files = [{"assetType": "Microsoft.VisualStudio.Services.VSIXPackage", "source": address}]
    properties = [{"key": "Microsoft.VisualStudio.Code.Engine", "value": "^1.80.0"}]
    versions = [{"version": version, "files": files, "properties": properties}]
    extension = {"publisher": {"publisherName": publisher}, "extensionName": name, "versions": versions}
    return json.dumps({"results": [{"extensions": [extension]}]})
