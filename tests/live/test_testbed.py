"""The ground the live tests stand on is itself there."""

from __future__ import annotations

import os
import socket
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext
    from testbed.command import Cove
    from testbed.engine import Engine
    from testbed.person import Person
    from testbed.slot import Slot


def test_the_engine_is_private_and_has_the_base(engine: Engine, base_image: str, slot: Slot) -> None:
    what = {"docker": "{{.DockerRootDir}}", "podman": "{{.Store.GraphRoot}}"}[engine.name]
    assert engine.cli("info", "--format", what).stdout.startswith(str(slot.folder))
    assert engine.has_image("debian:bookworm-slim")
    assert os.environ["COVE_ENGINE"] == engine.name


def test_the_legacy_command_line_has_no_buildkit(engine: Engine, base_image: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\nRUN --mount=type=tmpfs,target=/x true\n")
    wish = {} if engine.id == "docker-legacy" else {"DOCKER_BUILDKIT": "1"}  # version 20.10 wants to be asked
    built = engine.cli("build", str(tmp_path), check=False, env=wish)
    assert (built.returncode != 0) == (engine.id == "docker-legacy"), built.stderr


def test_images_travel_through_the_registry(engine: Engine, base_image: str, registry: str) -> None:
    name = f"{registry}/{engine.id}:1"
    engine.cli("tag", base_image, name)
    engine.cli("push", name)
    with urllib.request.urlopen(f"http://{registry}/v2/_catalog") as answer:
        assert engine.id in answer.read().decode()


def test_the_browser_runs(chromium: BrowserContext) -> None:
    page = chromium.new_page()
    page.set_content("<h1>hello</h1>")
    assert page.inner_text("h1") == "hello"


def test_cove_runs(cove: Cove) -> None:
    assert cove("--version").check().stdout.startswith("cove ")


def test_an_ordinary_user_runs_cove(ordinary_user: Person, engine: Engine) -> None:
    assert ordinary_user.cove(engine, "--version").check().stdout.startswith("cove ")
    assert ordinary_user.run(["id", "-u"]).stdout.strip() == str(ordinary_user.uid)
    if engine.name == "docker":
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(engine.env["DOCKER_HOST"].removeprefix("unix://"))
