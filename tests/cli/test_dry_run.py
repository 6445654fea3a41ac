"""The plan, and nothing done."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from cove.engines.base import ContainerInfo
    from cove.host.machine import Machine
    from cove.testing import FakeEngine


def plan(capsys: pytest.CaptureFixture[str], folder: str, *words: str) -> dict[str, object]:
    assert main(["up", folder, "--dry-run", "--json", *words]) == 0
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_nothing_is_done(
    machine: Machine, engine: FakeEngine, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = plan(capsys, folder, "--name", "mine")
    assert document["name"] == "mine"
    assert document["source"] == "image debian"
    assert document["workspaceFolder"] == "/workspaces/digits"
    assert document["container"] == ""
    assert document["madeFrom"] == [f"{folder}/.devcontainer.json"]
    assert engine.calls == []
    assert not os.path.exists(machine.directories.state)


def test_what_would_be_asked(
    engine: FakeEngine, folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "digits/.devcontainer.json").write_text('{"image": "debian", "initializeCommand": "make"}')
    assert plan(capsys, folder)["hostRequests"] == ["runs on this machine: make"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            '{"build": {"dockerfile": "Dockerfile", "target": "dev", "args": {"V": "a b"}}}',
            "build {0}/Dockerfile in {0} --target dev --build-arg 'V=a b'",
        ),
        ('{"dockerComposeFile": "c.yml", "service": "app"}', "compose {0}/c.yml, service app: image debian"),
    ],
)
def test_sources(
    engine: FakeEngine,
    folder: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    config: str,
    expected: str,
) -> None:
    (tmp_path / "digits/.devcontainer.json").write_text(config)
    (tmp_path / "digits/c.yml").write_text("services: {app: {image: debian}}")
    assert plan(capsys, folder)["source"] == expected.format(folder)


def test_defaults_have_their_lines(
    engine: FakeEngine, folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = plan(capsys, folder)
    assert (document["init"], document["limits"]) == ("started by cove", "memlock unlimited, stack 64 MiB")
    assert document["caches"] == "huggingface, torch, pip, uv, conda, npm"
    off = '"shmSize": "2gb", "init": false, "limits": false, "caches": ["uv"]'
    (tmp_path / "digits/.devcontainer.json").write_text(
        f'{{"image": "debian", "customizations": {{"cove": {{{off}}}}}}}'
    )
    document = plan(capsys, folder)
    assert (document["sharedMemory"], document["caches"]) == ("2 GiB", "uv")
    assert not {"init", "limits"} & set(document)


def test_as_text_what_is_empty_is_left_out(
    there: ContainerInfo, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", folder, "--dry-run"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["container", f"running {there.id[:12]}"] in lines
    assert "hostRequests" not in [line[0] for line in lines]


def test_gpus_with_what_they_would_be(
    engine: FakeEngine,
    folder: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cove.workspace.gpus.preview", lambda *_: "GPU 0 of 2, by CDI")
    assert (
        plan(capsys, folder, "--gpus", "1", "--share")["gpus"]
        == "a GPU, shared (by --gpus 1): GPU 0 of 2, by CDI"
    )
