"""cove in a real JupyterLab: tile, progress page, workbench, terminal, ports, under prefixes, in a real browser."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testbed.browser import PATIENCE_MS, run_in_palette
from testbed.jupyter import running_jupyter
from testbed.nginx import running_nginx
from testbed.registry import free_port
from testbed.workspace import fetch, make_extension

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page
    from testbed.command import Cove
    from testbed.jupyter import Jupyter

on_docker = pytest.mark.parametrize("engine", ["docker"], indirect=True)
on_podman = pytest.mark.parametrize("engine", ["podman"], indirect=True)
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
KERNEL = """\
const vscode = require("vscode"), { execFileSync } = require("child_process");
exports.activate = () => {
  const controller = vscode.notebooks.createNotebookController("cove-test-python", "jupyter-notebook", "Python inside");
  controller.supportedLanguages = ["python"];
  controller.executeHandler = async (cells) => {
    for (const cell of cells) {
      const execution = controller.createNotebookCellExecution(cell);
      execution.start(Date.now());
      const said = execFileSync("python3", ["-c", cell.document.getText()]).toString();
      const item = vscode.NotebookCellOutputItem.text(said, "text/html");
      await execution.replaceOutput([new vscode.NotebookCellOutput([item])]);
      execution.end(true, Date.now());
    }
  };
};
"""
CELL = "open('ran.txt', 'w').write('cell'); print('<b id=seen>' + 'from' + '-inside</b>')"
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


@on_docker
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


def write_notebook(folder: Path) -> None:
    """Write a notebook, a Markdown file, and an extension that runs cells: the ones there are need a gallery."""
    cell = {
        "cell_type": "code",
        "source": [CELL],
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "id": "a",
    }
    notebook = {
        "cells": [cell],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "a.ipynb").write_text(json.dumps(notebook))
    (folder / "README.md").write_text("# Read me\n\nseen in a *webview*\n")
    make_extension(
        folder / "kernel.vsix",
        "kernel",
        {"main.js": KERNEL},
        activationEvents=["onNotebook:jupyter-notebook"],
        main="main.js",
    )
    configuration = {
        "build": {"dockerfile": "Dockerfile"},
        "customizations": {"vscode": {"extensions": ["kernel.vsix"]}},
    }
    (folder / ".devcontainer.json").write_text(json.dumps(configuration))


def find_in_frames(page: Page, selector: str, text: str) -> None:
    """Wait for a text in a webview, which is a frame in a frame."""
    for _ in range(120):
        for frame in page.frames[1:]:
            if frame.locator(selector, has_text=text).count():
                return
        page.wait_for_timeout(500)
    pytest.fail(f"no webview shows {text!r}: {[frame.url for frame in page.frames]}")


@pytest.mark.full("jupyter")
@on_podman
def test_webviews_and_a_notebook_behind_nginx(
    cove: Cove,
    base_image: str,
    root: Path,
    tmp_path: Path,
    chromium: BrowserContext,
    pytestconfig: pytest.Config,
) -> None:
    """nginx hands the prefix on to JupyterLab, Jupyter to cove: a webview, and a notebook run in the editor."""
    write_notebook(root / "projects" / "tiny")
    with (
        running_jupyter(cove, root, tmp_path / "jupyter", base_url="/team/ana/") as jupyter,
        running_nginx(tmp_path / "nginx", jupyter.port, "/team/ana/") as url,
    ):
        page = chromium.new_page()
        page.goto(f"{url}lab?token={jupyter.token}", timeout=PATIENCE_MS)
        page.wait_for_selector(".jp-Launcher-body", timeout=PATIENCE_MS)
        page.goto(f"{url}cove/open/projects/tiny", timeout=PATIENCE_MS)
        page.wait_for_url("**/team/ana/cove/w/tiny/**", timeout=LONG_MS)
        page.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=LONG_MS)
        names = page.locator(".explorer-folders-view .label-name")
        names.get_by_text("README.md", exact=True).dblclick()
        page.wait_for_selector(".editor-instance .view-lines .view-line", timeout=PATIENCE_MS)
        run_in_palette(page, "Markdown: Open Preview")
        find_in_frames(page, "em", "webview")
        picture(pytestconfig, page, "webview")
        names.get_by_text("a.ipynb", exact=True).dblclick()
        page.wait_for_selector(".notebook-editor .cell", timeout=PATIENCE_MS)
        page.wait_for_timeout(3000)
        run_in_palette(page, "Notebook: Run All")
        ran = root / "projects" / "tiny" / "ran.txt"
        if not ran.exists():
            page.wait_for_timeout(3000)
            if page.locator(".quick-input-list .monaco-list-row").count():  # which kernel
                page.keyboard.press("Enter")
        assert wait_for_file(page, ran) == "cell"
        find_in_frames(page, "#seen", "from-inside")
        picture(pytestconfig, page, "notebook")
        websockets: list[str] = []
        page.on("websocket", lambda link: websockets.append(link.url))
        page.reload(timeout=PATIENCE_MS)
        page.wait_for_selector(".monaco-workbench .statusbar-item", timeout=LONG_MS)
        assert websockets
        assert all("/team/ana/cove/w/tiny/" in link for link in websockets), websockets


@pytest.mark.full("jupyter")
@on_podman
def test_by_hand_behind_jupyter_and_behind_nginx(
    cove: Cove, jupyter: Jupyter, root: Path, tmp_path: Path, chromium: BrowserContext
) -> None:
    """`/proxy/PORT/`, `/proxy/absolute/PORT/`, and nginx with the prefix kept and taken off."""
    folder = root / "projects" / "tiny"
    page = chromium.new_page()
    page.goto(jupyter.login("lab"), timeout=PATIENCE_MS)

    def link(port: int, *words: str) -> str:
        opened = cove("up", str(folder), "--json", "--port", str(port), *words).check().json
        return str(opened["url"])

    def visit(outer: str, inner: str) -> None:
        token = inner.partition("?")[2]
        assert token.startswith("token=cove_")
        chromium.clear_cookies(name=re.compile("^cove_"))
        page.goto(f"{outer}?{token}", timeout=PATIENCE_MS)
        page.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=LONG_MS)
        assert page.url.startswith(outer), page.url
        assert "token=" not in page.url
        check_port(page, f"{outer}proxy/6006/")

    port, other = free_port(), free_port()
    inner = link(port)
    cove("exec", "tiny", "--", "sh", "-c", "nohup python3 echo.py >/dev/null 2>&1 &").check()
    visit(f"{jupyter.url}proxy/{port}/", inner)
    visit(f"{jupyter.url}proxy/absolute/{port}/", link(port))
    with running_nginx(tmp_path / "stripping", port, "/a/b/", strip=True) as url:
        visit(url, link(port))
    inner = link(other, "--base-path", "/code")
    with running_nginx(tmp_path / "keeping", other, "/code/") as url:
        visit(url, inner)


@pytest.mark.full("jupyter")
@on_podman
def test_failures_show_their_log(
    jupyter: Jupyter, root: Path, chromium: BrowserContext, pytestconfig: pytest.Config
) -> None:
    folder = root / "projects" / "tiny"
    (folder / "Dockerfile").write_text("FROM debian:bookworm-slim\nRUN echo almost && exit 7\n")
    page = chromium.new_page()
    page.goto(jupyter.login("lab"), timeout=PATIENCE_MS)
    page.goto(f"{jupyter.url}cove/open/projects/tiny", timeout=PATIENCE_MS)
    page.wait_for_selector("button:visible >> text=Try again", timeout=LONG_MS)
    said = page.inner_text("#log")
    assert "almost" in said
    assert "exit 7" in said
    picture(pytestconfig, page, "failure")
    (folder / "Dockerfile").write_text("FROM debian:bookworm-slim\n")
    page.locator("button:visible").first.click()
    page.wait_for_url("**/nb/x/cove/w/tiny/**", timeout=LONG_MS)
    page.goto(f"{jupyter.url}cove/open/empty", timeout=PATIENCE_MS)
    page.wait_for_selector("#log .bad", timeout=PATIENCE_MS)
    assert "Dockerfile" in page.inner_text("#log")
    page.goto(f"{jupyter.url}cove/", timeout=PATIENCE_MS)
    page.wait_for_selector("a.button[href='/nb/x/cove/w/tiny/']", timeout=PATIENCE_MS)
    picture(pytestconfig, page, "list")


@pytest.mark.full("jupyter")
@on_podman
def test_notebook_7_with_somebody_elses_server(
    cove: Cove,
    base_image: str,
    root: Path,
    tmp_path: Path,
    chromium: BrowserContext,
    pytestconfig: pytest.Config,
) -> None:
    config = tmp_path / "jupyter" / "config"
    config.mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(
        "c.ServerProxy.servers = {'theirs': {'command': ['true'], 'launcher_entry': {'title': 'Theirs'}}}\n"
    )
    with running_jupyter(cove, root, tmp_path / "jupyter", program="notebook") as jupyter:
        page = chromium.new_page()
        page.goto(jupyter.login("tree/projects"), timeout=PATIENCE_MS)
        page.locator(".jp-DirListing-item", has_text="tiny").click(button="right", timeout=PATIENCE_MS)
        entry = page.locator(".lm-Menu-item", has_text="Open in VS Code container")
        entry.wait_for(timeout=PATIENCE_MS)
        picture(pytestconfig, page, "notebook7")
        with chromium.expect_page() as opening:
            entry.click()
        opening.value.wait_for_url(f"{jupyter.url}cove/w/tiny/**", timeout=LONG_MS)
        opening.value.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=LONG_MS)
        page.goto(f"{jupyter.url}server-proxy/servers-info", timeout=PATIENCE_MS)
        known = json.loads(page.inner_text("body"))["server_processes"]
        assert {entry["name"] for entry in known} == {"cove", "theirs"}


@pytest.mark.full("jupyter")
@on_podman
def test_a_proxy_too_old_for_sockets(
    cove: Cove, base_image: str, root: Path, tmp_path: Path, chromium: BrowserContext
) -> None:
    """jupyter-server-proxy 3 knows only ports: Jupyter sends the secret, nobody else has it."""
    old = tmp_path / "old"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            str(old),
            "jupyter-server-proxy==3.2.4",
        ],
        check=True,
    )
    with running_jupyter(
        cove, root, tmp_path / "jupyter", base_url="/old/", env={"PYTHONPATH": str(old)}
    ) as jupyter:
        page = chromium.new_page()
        page.goto(jupyter.login("lab"), timeout=PATIENCE_MS)
        page.goto(f"{jupyter.url}cove/open/projects/tiny", timeout=PATIENCE_MS)
        page.wait_for_url("**/old/cove/w/tiny/**", timeout=LONG_MS)
        page.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=LONG_MS)
        doors = [words for words in command_lines() if "cove.gateway.behind" in words and str(root) in words]
        assert doors
        port = doors[0][doors[0].index("--port") + 1]
        assert fetch(f"http://127.0.0.1:{port}/")[0] == 401
        assert all(len(word) < 200 and "COVE_DOOR" not in word for word in doors[0])


TENSORBOARD = """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir tensorboard 'setuptools<81'
ENV PATH=/opt/venv/bin:$PATH
"""


@pytest.mark.full("jupyter")
@on_podman
def test_tensorboard_from_inside_and_a_repository_that_asks_for_trust(
    jupyter: Jupyter, root: Path, chromium: BrowserContext, cove: Cove, pytestconfig: pytest.Config
) -> None:
    folder = root / "projects" / "tiny"
    (folder / "Dockerfile").write_text(TENSORBOARD)
    configuration = {"build": {"dockerfile": "Dockerfile"}, "initializeCommand": "touch on-the-host"}
    (folder / ".devcontainer.json").write_text(json.dumps(configuration))
    page = chromium.new_page()
    page.goto(jupyter.login("lab"), timeout=PATIENCE_MS)
    page.goto(f"{jupyter.url}cove/open/projects/tiny", timeout=PATIENCE_MS)
    trust = page.locator("button[data-trust]")
    trust.wait_for(state="visible", timeout=LONG_MS)
    assert "touch on-the-host" in page.inner_text("#log")
    assert not (folder / "on-the-host").exists()
    picture(pytestconfig, page, "trust")
    trust.click()
    page.wait_for_url("**/nb/x/cove/w/tiny/**", timeout=LONG_MS)
    page.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=LONG_MS)
    assert (folder / "on-the-host").exists()
    server = "nohup tensorboard --logdir /tmp/logs --port 6006 >/tmp/tb.log 2>&1 &"
    cove("exec", "tiny", "--", "sh", "-c", server).check()
    for _ in range(60):
        page.goto(f"{jupyter.url}cove/w/tiny/proxy/6006/", timeout=PATIENCE_MS)
        page.wait_for_timeout(2000)
        if page.locator("text=No dashboards are active").count():
            break
    else:
        pytest.fail(page.inner_text("body"))
    picture(pytestconfig, page, "tensorboard")


def command_lines() -> list[list[str]]:
    """Return the words of every process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_text(errors="replace").split("\0"))
    return found
