"""The example in a real browser: open the link, edit, run in the terminal, and find it all on the host."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from testbed.browser import PATIENCE_MS, open_workbench, run_in_palette
from testbed.command import Cove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import BrowserContext, Page
    from testbed.command import Home
    from testbed.engine import Engine

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits"
pytestmark = pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
MARK = "# edited in the browser"


class Digits:
    """A copy of the example as a repository of its own, up on one engine."""

    def __init__(self, cove: Cove, folder: Path) -> None:
        self.cove = cove
        self.folder = folder
        self.opened: dict[str, Any] = {}

    def up(self) -> str:
        """Bring it up and return a fresh link."""
        self.opened = self.cove("up", str(self.folder), "--json", timeout=900).check().json
        return str(self.opened["url"])


@pytest.fixture(scope="module")
def digits(
    engine: Engine,
    base_image: str,
    new_home: Callable[[], AbstractContextManager[Home]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Digits]:
    folder = tmp_path_factory.mktemp("work") / "digits"
    shutil.copytree(EXAMPLE, folder)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    with new_home() as home:
        digits = Digits(Cove(home, engine.env), folder)
        digits.up()
        yield digits


@pytest.fixture
def artifacts(request: pytest.FixtureRequest) -> Path:
    """Return where pictures for the README are kept."""
    folder = request.config.rootpath / ".cache" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_file(page: Page, name: str) -> None:
    """Open a file from the explorer."""
    page.locator(".explorer-folders-view .label-name").get_by_text(name, exact=True).dblclick()
    page.wait_for_selector(".editor-instance .view-lines .view-line", timeout=PATIENCE_MS)


def wait_until(page: Page, what: str, happened: Callable[[], bool], seconds: int = 120) -> None:
    """Wait for something outside the page."""
    for _ in range(seconds * 2):
        if happened():
            return
        page.wait_for_timeout(500)
    pytest.fail(f"waited {seconds} s in vain: {what}")


def test_edit_run_and_find_it_on_the_host(digits: Digits, chromium: BrowserContext, artifacts: Path) -> None:
    page = chromium.new_page()
    open_workbench(page, digits.up())
    assert "token=" not in page.url
    explorer = page.locator(".explorer-folders-view").inner_text()
    assert {"Dockerfile", "train.py", "requirements.txt"} <= set(explorer.split())
    assert page.locator(".monaco-dialog-box").count() == 0, "no trust dialog"
    assert page.locator(".gettingStartedContainer").count() == 0, "no welcome tour"
    page.screenshot(path=str(artifacts / f"workbench-{digits.opened['engine']}.png"))

    open_file(page, "train.py")
    page.locator(".editor-instance .view-lines").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(f"\n{MARK}\n")
    page.keyboard.press("Control+S")
    wait_until(page, "the edit on the host", lambda: MARK in (digits.folder / "train.py").read_text(), 30)

    run_in_palette(page, "Terminal: Create New Terminal")
    page.wait_for_selector(".xterm-screen", timeout=PATIENCE_MS)
    page.locator(".xterm-screen").first.click()
    page.wait_for_timeout(3000)
    page.keyboard.type("python train.py > result.txt; id -u >> result.txt\n")
    result = digits.folder / "result.txt"
    wait_until(page, "the training's end", lambda: result.exists() and len(result.read_text().split()) > 2)
    page.wait_for_timeout(1000)
    page.screenshot(path=str(artifacts / f"terminal-{digits.opened['engine']}.png"))

    accuracy = re.search(r"accuracy (\d\.\d+)", result.read_text())
    assert accuracy
    assert float(accuracy[1]) > 0.9
    owner = digits.folder.stat()
    for path in (digits.folder / "train.py", result, *digits.folder.glob("plots/*.png")):
        assert (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid), path
    assert list(digits.folder.glob("plots/*.png")), "the plot is on the host"


def test_settings_survive_rm_and_up(digits: Digits, chromium: BrowserContext) -> None:
    page = chromium.new_page()
    open_workbench(page, digits.up())
    open_file(page, "train.py")
    page.wait_for_selector(".minimap", timeout=PATIENCE_MS)
    run_in_palette(page, "View: Toggle Minimap")
    page.wait_for_selector(".minimap", state="hidden", timeout=PATIENCE_MS)
    page.wait_for_timeout(2000)
    page.goto("about:blank")
    digits.cove("rm", digits.opened["name"]).check()
    open_workbench(page, digits.up())
    assert digits.opened["created"]
    open_file(page, "train.py")
    page.wait_for_timeout(2000)
    assert not page.locator(".minimap").is_visible(), "the person's setting is there again"


def test_exec_and_run_train(digits: Digits) -> None:
    digits.up()
    for words in (("exec", "digits"), ("run", str(digits.folder))):
        trained = digits.cove(*words, "--", "python", "train.py").check()
        accuracy = re.search(r"accuracy (\d\.\d+)", trained.stdout)
        assert accuracy
        assert float(accuracy[1]) > 0.9
    assert digits.cove("exec", "digits", "--", "python", "-c", "raise SystemExit(5)").code == 5


def test_a_port_inside(digits: Digits, chromium: BrowserContext) -> None:
    digits.up()
    digits.cove(
        "exec", "digits", "--", "sh", "-c", "nohup python -m http.server 8765 >/dev/null 2>&1 & sleep 1"
    ).check()
    page = chromium.new_page()
    open_workbench(page, digits.up())
    port = chromium.new_page()
    main = str(digits.opened["url"]).partition("/w/")[0]
    port.goto(f"{main}/w/digits/proxy/8765/", timeout=PATIENCE_MS)
    port.wait_for_selector("text=Directory listing", timeout=PATIENCE_MS)
    assert "train.py" in port.inner_text("body")
