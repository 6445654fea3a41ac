"""A registry on loopback that only gives: Features in the manner of an OCI registry, and as tarballs of a web server.

Its port answers in plain HTTP and in TLS: cove asks a registry on loopback in the one, the reference in the other. What
it holds is the same bytes each time, so that digests can be written down.
"""

from __future__ import annotations

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

from testbed.authority import make_authority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

INSTALL = "#!/bin/sh\nset -e\necho {id} >> /usr/local/share/installed\n"
TLS_HANDSHAKE = b"\x16"


def pack(manifest: Mapping[str, Any], install: str = INSTALL) -> bytes:
    """Return a Feature as a tar archive; the same Feature gives the same bytes."""
    packed = io.BytesIO()
    files = {
        "./devcontainer-feature.json": json.dumps(manifest, indent=1),
        "./install.sh": install.replace("{id}", str(manifest["id"])),
    }
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text.encode()), 0o755
            archive.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


def digest_of(data: bytes) -> str:
    """Return the digest of bytes, as registries write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Collection(ThreadingHTTPServer):
    """Pages by path."""

    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.authority = certificate.with_name("ca.pem")
        """The file of who vouches for it."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)

    @property
    def name(self) -> str:
        """Return its host and port."""
        return f"127.0.0.1:{self.server_port}"

    def publish(self, path: str, version: str, *, annotated: bool = True, **manifest: Any) -> str:
        """Put a Feature there, as the reference publishes one: with all tags of its version. Return its digest."""
        said = {"id": path.rpartition("/")[2], "version": version, **manifest}
        layer = pack(said)
        described = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.devcontainers",
                "digest": digest_of(b"{}"),
                "size": 2,
            },
            "layers": [
                {
                    "mediaType": "application/vnd.devcontainers.layer.v1+tar",
                    "digest": digest_of(layer),
                    "size": len(layer),
                    "annotations": {
                        "org.opencontainers.image.title": f"devcontainer-feature-{said['id']}.tgz"
                    },
                }
            ],
        }
        if annotated:
            described["annotations"] = {"dev.containers.metadata": json.dumps(said)}
        body = json.dumps(described).encode()
        parts = version.split(".")
        tags = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        for tag in (*tags, "latest", digest_of(body)):
            self.pages[f"/v2/{path}/manifests/{tag}"] = body
        known = json.loads(self.pages.get(f"/v2/{path}/tags/list", b'{"tags": []}'))["tags"]
        listed = {"name": path, "tags": list(dict.fromkeys([*known, *tags, "latest"]))}
        self.pages[f"/v2/{path}/tags/list"] = json.dumps(listed).encode()
        self.pages[f"/v2/{path}/blobs/{digest_of(layer)}"] = layer
        return digest_of(body)

    def offer(self, path: str, **manifest: Any) -> None:
        """Put a Feature there as a file of a web server."""
        self.pages[path] = pack(manifest)

    def fill(self, content: Mapping[str, Any]) -> None:
        """Put what a case describes there: `PATH:VERSION` is a Feature of the registry, `/PATH` a tarball."""
        for name, manifest in content.items():
            if name.startswith("/"):
                self.offer(name, **manifest)
            else:
                path, _, version = name.partition(":")
                self.publish(path, version, **manifest)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer in TLS who begins in TLS."""
        if request.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            super().finish_request(request, client_address)
            return
        with self._tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that goes away is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    server: Collection

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path)
        self.send_response(404 if page is None else 200)
        self.send_header("content-length", str(len(page or b"")))
        if page and "/manifests/" in self.path:
            self.send_header("docker-content-digest", digest_of(page))
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served_collection(folder: Path) -> Iterator[Collection]:
    """Serve until the block ends; `folder/ca.pem` is the authority to trust."""
    make_authority(folder, ["127.0.0.1"])
    server = Collection(folder / "server.pem")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
