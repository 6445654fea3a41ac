"""A private certificate authority, an HTTPS server it vouches for, and a proxy that wants a password."""

from __future__ import annotations

import base64
import contextlib
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
subjectAltName = {names}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def make_authority(folder: Path, addresses: Sequence[str]) -> Path:
    """Write `ca.pem`, and `server.pem` (key, certificate) for these addresses; return the former's path.

    An address is an IP, or a name as `DNS:NAME`.
    """
    names = ",".join(address if address.startswith("DNS:") else f"IP:{address}" for address in addresses)
    (folder / "ca.cnf").write_text(CONFIG.format(name="cove test authority", names=names))
    (folder / "server.cnf").write_text(CONFIG.format(name="server", names=names))
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
        "-config", "ca.cnf", "-extensions", "authority",
    )  # fmt: skip
    openssl(folder, "req", *key, "-keyout", "server.key", "-out", "server.csr", "-config", "server.cnf")
    openssl(
        folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", "server.cnf", "-extensions", "server", "-out", "server.crt",
    )  # fmt: skip
    (folder / "server.pem").write_text(
        (folder / "server.key").read_text() + (folder / "server.crt").read_text()
    )
    return folder / "ca.pem"


def openssl(folder: Path, *words: str) -> None:
    """Run openssl; it must succeed."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


class Quiet(ThreadingHTTPServer):
    """A server that keeps its failures to itself: a client that does not trust it is part of the test."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


class Answer(BaseHTTPRequestHandler):
    """Answers each GET with the server's text; as a proxy, only to who knows the password."""

    text = ""
    password = ""

    def do_GET(self) -> None:
        given = self.headers.get("Proxy-Authorization", "")
        wanted = f"Basic {base64.b64encode(self.password.encode()).decode()}"
        status = 200 if not self.password or given == wanted else 407
        self.send_response(status)
        self.end_headers()
        self.wfile.write(self.text.encode() if status == 200 else b"who are you?")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(text: str, *, tls: Path | None = None, password: str = "") -> Iterator[int]:
    """Answer with this text until the block ends, on all of this host's addresses; give the port.

    `tls`: a file with key and certificate. `password`: `user:password`, as a proxy asks for it.
    """
    handler = type("Handler", (Answer,), {"text": text, "password": password})
    server = Quiet(("0.0.0.0", 0), handler)  # noqa: S104 - containers come from their own network
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
