"""cove in a real JupyterLab: tile, progress page, workbench, terminal, ports, under prefixes, in a real browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from testbed.browser import PATIENCE_MS, run_in_palette
from testbed.jupyter import running_jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page
    from testbed.command import Cove
    from testbed.jupyter import Jupyter

pytestmark = pytest.mark.parametrize("engine", ["docker"], indirect=True)
LONG_MS = 5 * PATIENCE_MS
ECHO = """\
import base64, hashlib, http.server, json

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PAGE = b"<title>echo</title><body>echo page</body>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            return self.echo()
        if self.path == "/headers":
            return self.answer(json.dumps(dict(self.headers)).encode(), "application/json")
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/landed?x=1")
            self.send_header("Set-Cookie", "inside=1; Path=/")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.answer(PAGE, "text/html")

    def answer(self, data, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def echo(self):
        digest = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + GUID).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        self.wfile.flush()
        head = self.rfile.read(2)
        mask, data = self.rfile.read(4), self.rfile.read(head[1] & 127)
        plain = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.wfile.write(bytes([0x81, len(plain)]) + plain)
        self.wfile.flush()
        self.close_connection = True


http.server.ThreadingHTTPServer(("127.0.0.1", 6006), Handler).serve_forever()
"""
SAY = """async (url) => await new Promise((done, failed) => {
  const link = new WebSocket(url); link.onopen = () => link.send("hello inside");
  link.onmessage = (event) => done(event.data); link.onerror = () => failed("refused"); })"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Jupyter's folder: a repository, and a folder with nothing in it."""
    work = tmp_path / "work"
    (work / "projects" / "tiny").mkdir(parents=True)
    (work / "projects" / "tiny" / "Dockerfile").write_text(
        "FROM debian:bookworm-slim\nRUN echo made > /made\n"
    )
    (work / "projects" / "tiny" / "echo.py").write_text(ECHO)
    (work / "empty").mkdir()
    return work


@pytest.fixture
def jupyter(cove: Cove, base_image: str, root: Path, tmp_path: Path) -> Iterator[Jupyter]:
    """JupyterLab under a prefix."""
    with running_jupyter(cove, root, tmp_path / "jupyter", base_url="/nb/x/") as jupyter:
        yield jupyter


def picture(pytestconfig: pytest.Config, page: Page, name: str) -> None:
    """Keep a picture for the documentation."""
    folder = pytestconfig.rootpath / ".cache" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"jupyter-{name}.png"))


def wait_for_file(page: Page, path: Path, seconds: int = 60) -> str:
    """Wait for a file with something in it."""
    for _ in range(seconds * 2):
        if path.exists() and (text := path.read_text()).strip():
            return text
        page.wait_for_timeout(500)
    pytest.fail(f"{path.name} was not written")


def test_from_tile_to_terminal(
    jupyter: Jupyter, root: Path, chromium: BrowserContext, pytestconfig: pytest.Config, cove: Cove
) -> None:
    """The file browser's menu builds and opens; the editor's terminal and a port inside work under the prefix."""
    page = chromium.new_page()
    page.goto(jupyter.login("lab/tree/projects"), timeout=PATIENCE_MS)
    page.wait_for_selector(".jp-Launcher-body", timeout=PATIENCE_MS)
    page.wait_for_selector(".jp-LauncherCard[title*='Containers'], .jp-LauncherCard:has-text('Containers')")
    page.wait_for_selector(".jp-LauncherCard:has-text('Open Folder in VS Code')")
    picture(pytestconfig, page, "launcher")
    page.goto(f"{jupyter.url}lab/tree/projects", timeout=PATIENCE_MS)
    page.locator(".jp-DirListing-item", has_text="tiny").click(button="right", timeout=PATIENCE_MS)
    entry = page.locator(".lm-Menu-item", has_text="Open in VS Code container")
    entry.wait_for(timeout=PATIENCE_MS)
    picture(pytestconfig, page, "menu")
    with chromium.expect_page() as opening:
        entry.click()
    editor = opening.value
    editor.wait_for_selector("#log div, .monaco-workbench", timeout=PATIENCE_MS)
    picture(pytestconfig, editor, "progress")
    editor.wait_for_url("**/nb/x/cove/w/tiny/**", timeout=LONG_MS)
    editor.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=LONG_MS)
    run_in_palette(editor, "Terminal: Create New Terminal")
    editor.wait_for_selector(".xterm-screen", timeout=PATIENCE_MS)
    editor.locator(".xterm-screen").first.click()
    editor.wait_for_timeout(3000)
    editor.keyboard.type("cat /made > out.txt; nohup python3 echo.py > /dev/null 2>&1 &\n")
    assert wait_for_file(editor, root / "projects" / "tiny" / "out.txt").strip() == "made"
    picture(pytestconfig, editor, "workbench")
    check_port(editor, f"{jupyter.url}cove/w/tiny/proxy/6006/")


def check_port(page: Page, url: str) -> None:
    """See a page, a redirect, a WebSocket and what the program inside is told."""
    page.goto(url, timeout=PATIENCE_MS)
    assert "echo page" in page.inner_text("body")
    assert page.evaluate(SAY, url.replace("http:", "ws:")) == "hello inside"
    page.goto(f"{url}away", timeout=PATIENCE_MS)
    assert page.url == f"{url}landed?x=1"
    page.goto(f"{url}headers", timeout=PATIENCE_MS)
    told = json.loads(page.inner_text("body"))
    assert told["Host"] == "localhost:6006"
    assert "inside=1" in told.get("Cookie", ""), told
    assert "username-" not in json.dumps(told), "Jupyter's login stays outside"
    assert told["X-Forwarded-Prefix"] == url.rstrip("/").partition("//")[2].partition("/")[2].join(["/", ""])
