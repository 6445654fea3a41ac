"""The documentation as a site: it is built, every link in it leads somewhere, and it fetches nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cove.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
QUIET = {"NO_MKDOCS_2_WARNING": "1"}


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build the site; a link that leads nowhere, or a page that no menu has, is an error.

    `--quiet` would also take the warnings away that `--strict` counts.
    """
    argv = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-f",
        str(config),
        "-d",
        str(site),
    ]
    return subprocess.run(argv, env={**os.environ, **QUIET}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_told_with_their_options(site: Path, command: str) -> None:
    page = (site / "commands" / "index.html").read_text()
    assert f'<h2 id="cove-{command}">' in page
    assert "<code>--recover</code>" in page
    assert '<h3 id="cove-devcontainer-read-configuration">' in page
    assert "<code>--engine docker|podman</code>" in page


def test_settings_are_told(site: Path) -> None:
    page = (site / "settings" / "index.html").read_text()
    assert "COVE_REGISTRY_MIRRORS" in page
    assert "<code>shmSize</code>" in page


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        found = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', path.read_text())
        assert not found, path


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n\n[gone](gone.md), [no such place](#nowhere)\n")
    told = (ROOT / "mkdocs.yml").read_text()
    short = re.sub(r"(?ms)^(nav|hooks):.*?(?=^\w|\Z)", "", told)
    (tmp_path / "mkdocs.yml").write_text(short)
    done = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert done.returncode != 0
    assert "gone.md" in done.stderr
    assert "#nowhere" in done.stderr
