"""A real Chromium, from the distribution where it has one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page

PATIENCE_MS = 60_000
"""For one thing to appear on a busy machine with two cores."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium(bundled: str) -> str:
    """Return the browser: COVE_TEST_CHROMIUM, the distribution's, or the one Playwright has fetched."""
    named = os.environ.get("COVE_TEST_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), bundled)
    if not os.access(found, os.X_OK):
        raise RuntimeError(
            f"no Chromium: neither {', '.join(NAMES)} on PATH nor {found} (./test installs one)"
        )
    return found


@contextlib.contextmanager
def running_chromium() -> Iterator[BrowserContext]:
    """Run a browser with an empty profile. Playwright keeps an event loop while it runs, so it lives one test long."""
    with tempfile.TemporaryDirectory(prefix="cove-chromium-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=find_chromium(playwright.chromium.executable_path),
            headless=True,
            args=list(FLAGS),
            viewport={"width": 1280, "height": 800},
        )
        context.set_default_timeout(60_000)
        try:
            yield context
        finally:
            context.close()


def open_workbench(page: Page, url: str) -> None:
    """Go to the link and wait for a workbench that is ready to type in."""
    page.goto(url, timeout=PATIENCE_MS)
    page.wait_for_selector(".monaco-workbench .statusbar-item", timeout=PATIENCE_MS)
    page.wait_for_selector(".explorer-folders-view .monaco-list-row", timeout=PATIENCE_MS)


def run_in_palette(page: Page, command: str) -> None:
    """Type a command into the command palette."""
    page.keyboard.press("F1")
    page.wait_for_selector(".quick-input-widget input", timeout=PATIENCE_MS)
    page.keyboard.type(command)
    page.wait_for_selector(".quick-input-list .monaco-list-row.focused", timeout=PATIENCE_MS)
    page.keyboard.press("Enter")
