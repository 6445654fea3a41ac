"""A registry on loopback with whatever manners a test wants, and Features to put into it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import socket
import ssl
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ADA = "Basic " + base64.b64encode(b"ada:secret").decode()
SCRIPT = b"#!/bin/sh\n"


def pack(files: dict[str, bytes | str], *, links: dict[str, str] | None = None) -> bytes:
    """Return a tar of these files, as a Feature is packed."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return packed.getvalue()


def feature(name: str, version: str = "1.0.0", **more: object) -> bytes:
    """Return a packed Feature."""
    manifest = json.dumps({"id": name, "version": version, **more})
    return pack({"./devcontainer-feature.json": manifest, "./install.sh": SCRIPT})


class FakeRegistry(ThreadingHTTPServer):
    """Knows manifests and blobs; `wants` is what it wants of visitors: nothing, `basic` or `bearer`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, bytes] = {}
        self.wants = ""
        self.realm = f"{self.url}/token"
        self.asked: list[tuple[str, str]] = []
        """Paths, and the `Authorization` they came with."""
        self.elsewhere = ""
        """Where blobs are redirected to."""
        self._tls: ssl.SSLContext | None = None
        self.in_plain: list[str] = []
        """The `Authorization` of each request that came in plain HTTP where TLS is wanted."""

    def secure(self, certificate: Path) -> None:
        """Want TLS from now on."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Tell who begins in plain HTTP that this is no place for it, in the words of Go."""
        if self._tls is None:
            super().finish_request(request, client_address)
        elif request.recv(1, socket.MSG_PEEK) == b"\x16":
            with contextlib.suppress(OSError), self._tls.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)
        else:
            PlainHandler(request, client_address, self)

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.name}"

    def publish(self, path: str, tag: str, blob: bytes) -> str:
        """Put a Feature there and return the digest of its manifest."""
        layer = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        manifest = json.dumps({"schemaVersion": 2, "layers": [{"digest": layer, "size": len(blob)}]}).encode()
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        for version in (tag, digest):
            self.pages[f"/v2/{path}/manifests/{version}"] = manifest
        self.pages[f"/v2/{path}/blobs/{layer}"] = blob
        return digest


class Handler(BaseHTTPRequestHandler):
    server: FakeRegistry

    def do_GET(self) -> None:
        given = self.headers.get("authorization", "")
        self.server.asked.append((self.path, given))
        if self.path.startswith("/token"):
            token = json.dumps({"token": "t"}).encode() if given in {"", ADA} else b"{}"
            return self.reply(200, token)
        wanted = {"": given, "basic": ADA, "bearer": "Bearer t"}[self.server.wants]
        if given != wanted:
            scheme = f'Bearer realm="{self.server.realm}",service="r",scope="repository:x:pull"'
            kind = 'Basic realm="r"' if self.server.wants == "basic" else scheme
            return self.reply(401, b"", {"www-authenticate": kind})
        if self.server.elsewhere and "/blobs/" in self.path:
            return self.reply(307, b"", {"location": self.server.elsewhere + self.path})
        page = self.server.pages.get(self.path)
        return self.reply(404 if page is None else 200, page or b"")

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "content-length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class PlainHandler(Handler):
    def do_GET(self) -> None:
        self.server.in_plain.append(self.headers.get("authorization", ""))
        self.reply(400, b"Client sent an HTTP request to an HTTPS server.\n")


@pytest.fixture
def new_registry() -> Iterator[Callable[[], FakeRegistry]]:
    made: list[FakeRegistry] = []

    def make() -> FakeRegistry:
        server = FakeRegistry()
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        made.append(server)
        return server

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.fixture
def registry(new_registry: Callable[[], FakeRegistry]) -> FakeRegistry:
    return new_registry()


@pytest.fixture
def feature_of() -> Callable[..., bytes]:
    return feature


@pytest.fixture
def pack_of() -> Callable[..., bytes]:
    return pack
