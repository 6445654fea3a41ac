"""A registry in memory, on loopback, that can be written to: with whatever manners a test wants."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

ADA = "Basic " + base64.b64encode(b"ada:secret").decode()
ROUTE = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>manifests|blobs/uploads|blobs|tags)/(?P<last>.*)")
READ, WRITE = "Bearer read", "Bearer write"


class MemoryRegistry(ThreadingHTTPServer):
    """Keeps what is pushed. `wants`: nothing, `basic` (ada, secret) or `bearer`, where a token to read does not write."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], bytes] = {}
        """By name, and tag or digest."""
        self.wants = ""
        self.uploads_to = ""
        """The address of another registry, where uploads are sent to."""
        self.broken = ""
        """A method that is answered with 500."""
        self.asked: list[tuple[str, str, str]] = []
        """Method, path and `Authorization` of each request."""

    @property
    def address(self) -> str:
        return f"localhost:{self.server_port}"

    def tags(self, name: str) -> list[str]:
        """Return the tags of a name, in the order in which they were first pushed."""
        return [tag for owner, tag in self.manifests if owner == name and not tag.startswith("sha256:")]


@contextlib.contextmanager
def memory_registry() -> Iterator[MemoryRegistry]:
    """Serve one until the block ends."""
    server = MemoryRegistry()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: MemoryRegistry

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = self.headers.get("authorization", "")
        self.server.asked.append((self.command, parts.path, given))
        if parts.path == "/token":
            wanted = parse_qs(parts.query)["scope"][0]
            token = "write" if "push" in wanted and given == ADA else "read"
            return self._reply(200, json.dumps({"token": token}).encode())
        if challenge := self._challenge(given):
            return self._reply(401, b"", {"www-authenticate": challenge})
        if self.command == self.server.broken:
            return self._reply(500, b'{"errors": [{"code": "UNKNOWN", "message": "on fire"}]}')
        found = ROUTE.fullmatch(parts.path)
        assert found, parts.path
        return self._serve(found["name"], found["kind"], found["last"])

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server looks for

    def _challenge(self, given: str) -> str:
        writes = self.command in {"POST", "PUT"}
        if self.server.wants == "basic" and given != ADA:
            return 'Basic realm="r"'
        if self.server.wants == "bearer" and given not in ({WRITE} if writes else {READ, WRITE}):
            scope = f"repository:x:{'pull,push' if writes else 'pull'}"
            return f'Bearer realm="http://{self.server.address}/token",service="r",scope="{scope}"'
        return ""

    def _serve(self, name: str, kind: str, last: str) -> None:
        match kind, self.command:
            case "blobs/uploads", "POST":
                place = f"http://{self.server.uploads_to}" if self.server.uploads_to else ""
                return self._reply(202, b"", {"location": f"{place}/v2/{name}/blobs/uploads/7?state=x"})
            case "blobs/uploads", "PUT":
                digest = parse_qs(urlsplit(self.path).query)["digest"][0]
                right = digest == f"sha256:{hashlib.sha256(self.body).hexdigest()}"
                if right:
                    self.server.blobs[digest] = self.body
                return self._reply(201 if right else 400)
            case "manifests", "PUT":
                for version in (last, f"sha256:{hashlib.sha256(self.body).hexdigest()}"):
                    self.server.manifests[name, version] = self.body
                return self._reply(201)
            case "tags", _:
                tags = self.server.tags(name)
                return self._reply(200 if tags else 404, json.dumps({"name": name, "tags": tags}).encode())
            case _:
                kept = (
                    self.server.manifests.get((name, last))
                    if kind == "manifests"
                    else self.server.blobs.get(last)
                )
                return self._reply(404 if kept is None else 200, kept or b"")

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "content-length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
