"""`cove devcontainer build`: names, and what the options become; tests/live compares with the reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cove.engines.compose import ComposeProgram
from cove.spec.identity import render_image_name

if TYPE_CHECKING:
    from cove.testing import FakeEngine

    from .conftest import Call


@pytest.mark.parametrize(
    ("words", "names"),
    [((), None), (("--image-name", "a", "--image-name", "b:1"), ["a", "b:1"])],
)
def test_names(
    repository: str, engine: FakeEngine, call: Call, words: tuple[str, ...], names: list[str] | None
) -> None:
    said = call("build", "--workspace-folder", repository, *words)
    names = names or [f"{render_image_name(repository)}-features"]
    assert said == {"outcome": "success", "imageName": names}
    assert list(engine.builds[-1].tags) == names


def test_the_folder_as_a_word(repository: str, engine: FakeEngine, call: Call) -> None:
    said = call("build", repository, "--image-name", "a")
    assert said["imageName"] == ["a"]
    assert engine.builds[-1].publishing


def test_options(repository: str, engine: FakeEngine, call: Call, tmp_path: Path) -> None:
    words = (
        "--no-cache --platform linux/arm64 --cache-from c --cache-to type=inline --label a=b=c --label d=e"
    )
    call("build", "--workspace-folder", repository, *words.split(), "--output", f"type=tar,dest={tmp_path}/o")
    request = engine.builds[-1]
    assert (request.no_cache, request.platform) == (True, "linux/arm64")
    assert (request.cache_from, request.cache_to) == (("c",), "type=inline")
    assert request.output == f"type=tar,dest={tmp_path}/o"
    assert request.labels["a"] == "b=c"
    assert json.loads(request.labels["devcontainer.metadata"])[0]["postCreateCommand"] == "post"


def test_features_without_what_they_say_to_editors(repository: str, engine: FakeEngine, call: Call) -> None:
    place = Path(repository, ".devcontainer", "greet")
    place.mkdir(parents=True)
    manifest = {"id": "greet", "customizations": {"x": 1}, "init": True}
    (place / "devcontainer-feature.json").write_text(json.dumps(manifest))
    (place / "install.sh").touch()
    words = ("--additional-features", '{"./.devcontainer/greet": {}}')
    for more, kept in ((), True), (("--skip-persisting-customizations-from-features",), False):
        call("build", "--workspace-folder", repository, *words, *more)
        entry = json.loads(engine.builds[-1].labels["devcontainer.metadata"])[0]
        assert entry["init"] is True
        assert ("customizations" in entry) is kept


@pytest.mark.parametrize(
    ("program", "service", "name"),
    [
        (("docker", "compose"), "build: .", "nets-app"),
        (("docker-compose",), "build: .", "nets_app"),
        (("docker", "compose"), "{build: ., image: mine}", "mine"),
        (("docker", "compose"), "image: debian", ""),
    ],
)
def test_a_service_keeps_its_name(
    repository: str,
    engine: FakeEngine,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    program: tuple[str, ...],
    service: str,
    name: str,
) -> None:
    monkeypatch.setattr(engine, "compose", lambda: ComposeProgram(program), raising=False)
    config = {"dockerComposeFile": "c.yml", "service": "app"}
    Path(repository, ".devcontainer.json").write_text(json.dumps(config))
    inner = service if service.startswith("{") else f"{{{service}}}"
    Path(repository, "c.yml").write_text(f"services: {{app: {inner}}}\n")
    Path(repository, "Dockerfile").write_text("FROM debian\n")
    name = name or render_image_name(repository)
    assert call("build", "--workspace-folder", repository)["imageName"] == name
    named: Any = call("build", "--workspace-folder", repository, "--image-name", "a")
    assert named["imageName"] == ["a"]
    assert engine.builds[-1].tags == (name, "a")
    for option in (("--push",), ("--platform", "x"), ("--output", "o"), ("--cache-to", "c")):
        failed = call("build", "--workspace-folder", repository, *option, code=1)
        assert failed["message"].endswith("not supported.")


def test_not_both(repository: str, engine: FakeEngine, call: Call) -> None:
    failed = call("build", "--workspace-folder", repository, "--push", "--output", "o", code=1)
    assert failed["message"] == "--push true cannot be used with --output."
    assert engine.builds == []
