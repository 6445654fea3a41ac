"""What the editor's tests share: a machine in a temporary folder, a site on loopback, self-made extensions."""

from __future__ import annotations

import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from cove.host.machine import Directories, Machine, Owner
from cove.ide.profile import merge_back, prepare_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cove.ide.homecoming import MergeReport
    from cove.ide.store import StoredExtension


class Site(ThreadingHTTPServer):
    """A site whose pages are bodies by path (or functions of the request's body), and which counts its visits."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, bytes | Callable[[bytes], bytes]] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers 200 with the page of the path, or 404."""

    server: Site

    def answer(self) -> None:
        asked = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path)
        body = page(asked) if callable(page) else page
        self.send_response(404 if body is None else 200)
        self.send_header("content-length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


Handler.do_GET = Handler.do_POST = Handler.answer  # type: ignore[attr-defined]  # names of http.server


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folders = Directories(*(f"{tmp_path}/{name}" for name in Directories._fields))
    return Machine("Linux", "amd64", Owner(1, 1), False, f"{tmp_path}", {}, folders, f"{tmp_path}")


@pytest.fixture
def make_vsix(tmp_path: Path) -> Callable[..., Path]:
    """Make a .vsix: `make_vsix("acme.hello", version="1.2.3", extensionPack=[…])`."""

    def make(
        name: str, *, version: str = "1.0.0", folder: Path = tmp_path, vsixmanifest: str = "", **more: object
    ) -> Path:
        publisher, _, rest = name.partition(".")
        manifest = {
            "publisher": publisher,
            "name": rest,
            "version": version,
            "engines": {"vscode": "^1.80.0"},
            **more,
        }
        path = folder / f"{name}-{version}.vsix"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("extension/package.json", json.dumps(manifest))
            archive.writestr("extension/main.js", "exports.activate = () => {}")
            archive.writestr("[Content_Types].xml", "<Types/>")
            if vsixmanifest:
                archive.writestr("extension.vsixmanifest", vsixmanifest)
        return path

    return make


class Place:
    """A profile and one workspace's data, as the person and the container see them."""

    def __init__(self, root: Path, name: str = "one") -> None:
        self.profile = root / "config" / "profile"
        self.data = root / "workspaces" / name / "data"

    def prepare(
        self, *, isolated: bool = False, extensions: tuple[StoredExtension, ...] = (), **machine: object
    ):
        return prepare_data(
            str(self.profile),
            str(self.data),
            machine_settings=machine,
            isolated=isolated,
            extensions=extensions,
        )

    def merge(self, *, isolated: bool = False) -> MergeReport:
        return merge_back(str(self.data), str(self.profile), isolated=isolated)

    def own(self, name: str, value: object) -> None:
        path = self.profile / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def read_own(self, name: str) -> object:
        return json.loads((self.profile / name).read_text())

    @property
    def user(self) -> Path:
        return self.data / "user" / "User"

    @property
    def settings(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.user / "settings.json").read_text())
        return found

    def change(self, **changes: object) -> None:
        """Change settings as the editor inside does; None removes."""
        named = {key.replace("__", "."): value for key, value in changes.items()}
        kept = {key: value for key, value in {**self.settings, **named}.items() if value is not None}
        (self.user / "settings.json").write_text(json.dumps(kept))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A profile and one workspace."""
    return Place(tmp_path)


@pytest.fixture
def two_places(tmp_path: Path) -> tuple[Place, Place]:
    """Two workspaces of one profile."""
    return Place(tmp_path, "one"), Place(tmp_path, "two")
