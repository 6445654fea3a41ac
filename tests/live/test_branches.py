"""Branches of one repository side by side: each with files, container, editor and tests of its own."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from testbed.browser import PATIENCE_MS, open_workbench
from testbed.workspace import BASE, write_files

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext
    from testbed.command import Cove
    from testbed.engine import Engine

pytestmark = [
    pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True),
    pytest.mark.full("branches"),
]
BRANCHES = ("main", "wide", "deep/er")
DOCKERFILE = f"FROM {BASE}\nRUN echo built > /etc/built\n"
CHECK = "import net\nassert net.width() == {}, net.width()\nprint('passed')\n"


@pytest.fixture
def nets(tmp_path: Path) -> Path:
    folder = write_files(
        tmp_path / "nets",
        {"Dockerfile": DOCKERFILE, "net.py": "def width():\n    return 1\n", "check.py": CHECK.format(1)},
    )
    for words in (("init", "-qb", "main"), ("add", "."), ("commit", "-qm", "one")):
        git(folder, *words)
    return folder


def git(folder: Path | str, *words: str) -> str:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    return subprocess.run(
        ("git", *who, *words), cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def test_three_at_once(
    cove: Cove, engine: Engine, base_image: str, nets: Path, chromium: BrowserContext
) -> None:
    def up(branch: str) -> dict[str, Any]:
        words = () if branch == "main" else ("--branch", branch)
        opened: dict[str, Any] = cove("up", str(nets), *words, "--json").check().json
        return opened

    with ThreadPoolExecutor(len(BRANCHES)) as pool:
        opened = dict(zip(BRANCHES, pool.map(up, BRANCHES), strict=True))
    assert [opened[branch]["name"] for branch in BRANCHES] == ["nets", "nets-wide", "nets-deep-er"]
    assert len({opened[branch]["containerId"] for branch in BRANCHES}) == 3
    listed = {one["name"]: one for one in cove("ls", "--json").check().json["workspaces"]}
    assert {one["branch"] for one in listed.values()} == set(BRANCHES)
    assert {one["repository"] for one in listed.values()} == {str(nets)}
    table = cove("ls").check().stdout.splitlines()
    assert [line.split()[:2] for line in table[2:]] == [["└", "nets-deep-er"], ["└", "nets-wide"]]

    for width, branch in enumerate(BRANCHES, 1):
        name = opened[branch]["name"]
        here = listed[name]["folder"]
        edit(chromium, opened[branch]["url"], f"# {branch}", Path(here, "net.py"))
        script = f"sed -i 's/return 1/return {width}/' net.py; sed -i 's/== 1/== {width}/' check.py; python3 check.py"
        assert cove("exec", name, "--", "sh", "-c", script).check().stdout == "passed\n"
        assert Path(here, "net.py").read_text() == f"def width():\n    return {width}\n# {branch}\n"

    commit = "git -c user.name=ada -c user.email=a@b commit -qam two && git status --short"
    assert cove("exec", "nets-wide", "--", "sh", "-c", commit).check().stdout == "?? __pycache__/\n"
    assert git(nets, "log", "-1", "--format=%s", "wide") == "two\n"

    told = cove("rm", "nets-deep-er", "--force", "--data").check().stdout
    assert "2 files are not committed: check.py, net.py" in told
    assert (
        cove("rm", "nets-wide", "--force", "--data")
        .check()
        .stdout.endswith("so are its files; the branch and the image stay.\n")
    )
    assert git(nets, "worktree", "list").count("\n") == 2
    assert cove("exec", "nets", "--", "python3", "check.py").check().stdout == "passed\n"


def edit(chromium: BrowserContext, url: str, line: str, path: Path) -> None:
    """Add a line to the end of net.py in the browser, and see it in the branch's folder on this machine."""
    page = chromium.new_page()
    open_workbench(page, url)
    page.locator(".explorer-folders-view .label-name").get_by_text("net.py", exact=True).dblclick()
    page.wait_for_selector(".editor-instance .view-lines .view-line", timeout=PATIENCE_MS)
    page.locator(".editor-instance .view-lines").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(line + "\n")
    page.keyboard.press("Control+S")
    for _ in range(120):
        if line in path.read_text():
            return page.close()
        page.wait_for_timeout(250)
    pytest.fail(f"{line} did not arrive in {path}")
