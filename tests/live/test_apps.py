"""What people run on ports inside: TensorBoard, Gradio and Streamlit, through the gateway, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from testbed.command import Cove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import BrowserContext, Page
    from testbed.command import Home
    from testbed.engine import Engine

pytestmark = [
    pytest.mark.full("apps"),
    pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session"),
]
PATIENCE_MS = 90_000

DOCKERFILE = """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir tensorboard 'setuptools<81' gradio streamlit
ENV PATH=/opt/venv/bin:$PATH GRADIO_ANALYTICS_ENABLED=False STREAMLIT_BROWSER_GATHER_USAGE_STATS=false
"""
GRADIO = """\
import gradio

gradio.Interface(lambda text: text[::-1], "text", "text").launch(server_port=7860)
"""
STREAMLIT = """\
import streamlit

name = streamlit.text_input("Name")
streamlit.write(f"Hello, {name[::-1]}!")
"""
SERVERS = {
    6006: "tensorboard --logdir /tmp/logs --port 6006",
    7860: "python reverse.py",
    8501: "streamlit run hello.py --server.port 8501 --server.headless true",
}


class Apps:
    """A workspace in which the three run."""

    def __init__(self, cove: Cove, folder: str) -> None:
        self.cove = cove
        self.folder = folder

    def link(self) -> str:
        """Return a fresh link to the workspace."""
        opened: dict[str, Any] = self.cove("up", self.folder, "--json", timeout=900).check().json
        return str(opened["url"])

    def enter(self, chromium: BrowserContext, port: int) -> Page:
        """Sign in and open a port."""
        page = chromium.new_page()
        link = self.link()
        page.goto(link, timeout=PATIENCE_MS)
        page.goto(f"{link.partition('/w/')[0]}/w/apps/proxy/{port}/", timeout=PATIENCE_MS)
        return page


@pytest.fixture(scope="module")
def apps(
    engine: Engine,
    base_image: str,
    new_home: Callable[[], AbstractContextManager[Home]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Apps]:
    folder = tmp_path_factory.mktemp("work") / "apps"
    folder.mkdir()
    for name, text in {"Dockerfile": DOCKERFILE, "reverse.py": GRADIO, "hello.py": STREAMLIT}.items():
        (folder / name).write_text(text)
    with new_home() as home:
        apps = Apps(Cove(home, engine.env), str(folder))
        apps.link()
        for port, server in SERVERS.items():
            apps.cove("exec", "apps", "--", "sh", "-c", f"nohup {server} >/tmp/{port}.log 2>&1 &").check()
        for port in SERVERS:
            apps.cove("exec", "apps", "--", "python", "-c", WAIT.format(port=port)).check()
        yield apps


WAIT = """
import socket, time
for _ in range(600):
    try:
        socket.create_connection(("127.0.0.1", {port})).close()
        break
    except OSError:
        time.sleep(0.2)
else:
    raise SystemExit(open("/tmp/{port}.log").read())
"""


def test_tensorboard(apps: Apps, chromium: BrowserContext) -> None:
    page = apps.enter(chromium, 6006)
    page.wait_for_selector("text=No dashboards are active", timeout=PATIENCE_MS)


def test_gradio_streams_its_answers(apps: Apps, chromium: BrowserContext) -> None:
    page = apps.enter(chromium, 7860)
    page.get_by_label("text").first.fill("stressed")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('textarea')].some(area => area.value === 'desserts')",
        timeout=PATIENCE_MS,
    )


def test_streamlit_talks_over_a_websocket(apps: Apps, chromium: BrowserContext) -> None:
    page = apps.enter(chromium, 8501)
    page.get_by_label("Name").fill("stressed")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Hello, desserts!", timeout=PATIENCE_MS)
