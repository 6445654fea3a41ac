"""What a person brings along: secrets and dotfiles; and the ports that the repository declares."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

SECRET = "a-secret-nobody-keeps"


@pytest.mark.parametrize("engine", ["podman"], indirect=True, scope="session")
def test_secrets_dotfiles_and_ports(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    folder = tmp_path / "personal"
    dots = tmp_path / "dots"
    folder.mkdir()
    dots.mkdir()
    (dots / "install.sh").write_text(
        '#!/bin/sh\n[ -e ~/hook ] && echo "$KEY" > ~/installed; echo ran >> ~/count\n'
    )
    config = {
        "image": base_image,
        "mounts": [f"type=bind,source={dots},target=/dots"],
        "secrets": {"KEY": {"description": "of the hub"}, "OTHER": {}},
        "forwardPorts": [6006],
        "portsAttributes": {"6006": {"label": "TensorBoard"}},
        "postCreateCommand": 'echo "the key is $KEY"; echo "$KEY" > ~/hook',
        "postStartCommand": "cat ~/installed > ~/started",
    }
    (folder / ".devcontainer.json").write_text(json.dumps(config))
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"KEY": SECRET}))
    mine = {"COVE_DOTFILES_REPOSITORY": "ada/dots", "COVE_DOTFILES_TARGET": "/dots"}

    done = cove("up", str(folder), "--secrets-file", str(secrets), "--trust", "--json", env=mine).check()
    opened = done.json
    assert opened["ports"] == [
        {"port": 6006, "label": "TensorBoard", "url": opened["url"].partition("?")[0] + "proxy/6006/"}
    ]
    assert opened["notes"] == ["the repository would like secrets that are not given: OTHER (--secrets-file)"]
    shell = ("exec", "personal", "--", "sh", "-c")
    assert cove(*shell, "cat ~/hook ~/started ~/count; echo $KEY").check().stdout.split() == [
        SECRET,
        SECRET,
        "ran",
        SECRET,
    ]
    told = [done.stderr, cove("logs", "personal").stdout, cove("info", "personal", "--json").stdout]
    told.append(engine.cli("inspect", opened["containerId"]).stdout)
    told += [path.read_text(errors="replace") for path in cove.home.folder.rglob("*") if path.is_file()]
    assert "the key is ********" in done.stderr
    assert not any(SECRET in text for text in told)

    cove("stop", "personal").check()
    cove("up", str(folder), env=mine).check()
    assert cove(*shell, "cat ~/count; echo $KEY").check().stdout.split() == ["ran", SECRET]
