"""Back to a desk when a build breaks: the editor with the log in it, and the swap once the build works again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext
    from testbed.command import Cove
    from testbed.engine import Engine

WORKS = "FROM debian:bookworm-slim\nRUN echo kept > /opt/kept\n"
BREAKS = f"{WORKS}RUN echo the compiler is missing && exit 9\n"
PATIENCE_MS = 60_000
ENGINES = [pytest.param("docker", marks=pytest.mark.full("images")), "podman"]


@pytest.mark.parametrize("engine", ENGINES, indirect=True, scope="session")
def test_recovering(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path, chromium: BrowserContext
) -> None:
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "Dockerfile").write_text(BREAKS)
    failed = cove("up", str(folder)).check(5)
    assert "Dockerfile:3" in failed.stderr
    assert "the compiler is missing" in failed.stderr
    assert "cove up --recover" in failed.stderr

    minimal = cove("up", str(folder), "--recover", "--json").check().json
    assert minimal["recovered"] == "a minimal image, debian:bookworm-slim"
    page = chromium.new_page()
    page.goto(minimal["url"], timeout=PATIENCE_MS)
    log = page.locator(".editor-instance .view-lines").get_by_text("the compiler is missing")
    log.first.wait_for(timeout=PATIENCE_MS)
    page.close()
    again = cove("up", str(folder)).check(5)
    assert "The container from before is still there" in again.stderr
    running = cove("ls", "--json").check().json["workspaces"]
    assert [(one["container"], one["state"]) for one in running] == [(minimal["containerId"], "running")]

    (folder / "Dockerfile").write_text(WORKS)
    mended = cove("up", str(folder), "--json").check().json
    assert mended["created"]
    assert cove("exec", "digits", "--", "cat", "/opt/kept").check().stdout == "kept\n"
    assert engine.cli("ps", "-aq", "--filter", "label=cove.recovery").stdout == ""

    (folder / "Dockerfile").write_text(BREAKS)
    cove("up", str(folder), "--rebuild").check(5)
    kept = cove("up", str(folder), "--recover", "--json").check().json
    assert (kept["recovered"], kept["containerId"]) == ("the container as it is", mended["containerId"])

    cove("rm", "digits").check()
    cove("up", str(folder)).check(5)
    engine.cli("image", "prune", "-f")
    good = cove("up", str(folder), "--recover", "--json").check().json
    assert good["recovered"] == "the last good image"
    assert cove("exec", "digits", "--", "cat", "/opt/kept").check().stdout == "kept\n"
    last_good = f"localhost/cove/last-good:{cove('info', 'digits', '--json').check().json['id']}"
    assert engine.cli("images", "-q", last_good).stdout != ""
    cove("rm", "digits", "--data").check()
    assert engine.cli("images", "-q", last_good).stdout == ""
