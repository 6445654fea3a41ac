"""A repository opened by its URL: cloned, isolated, and gone again with nothing lost."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine


@pytest.mark.parametrize("engine", ["podman"], indirect=True, scope="session")
def test_a_branch_and_a_folder(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    remote = tmp_path / "nets"
    (remote / "src").mkdir(parents=True)
    (remote / "src" / ".devcontainer.json").write_text(json.dumps({"image": base_image}))
    for words in (
        ("init", "-q", "-b", "work"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"),
    ):
        subprocess.run(["git", *words], cwd=remote, check=True)
    url = f"file://{remote}#work:src"
    assert "not cloned here yet" in cove("up", url, "--dry-run").check(2).stderr

    opened = cove("up", url, "--json").check().json
    assert (opened["name"], opened["remoteWorkspaceFolder"]) == ("src", "/workspaces/nets@work/src")
    assert engine.cli("ps", "-q", "--filter", "label=cove.isolated").stdout
    assert cove("exec", "src", "--", "git", "-C", "..", "branch", "--show-current").code in {0, 127}
    again = cove("up", url, "--json").check().json
    assert (again["created"], again["containerId"]) == (False, opened["containerId"])

    cove("up", url, "--no-isolated", "--rebuild").check()
    assert not engine.cli("ps", "-q", "--filter", "label=cove.isolated").stdout
    cove("up", url, "--rebuild").check()
    assert not engine.cli("ps", "-q", "--filter", "label=cove.isolated").stdout, "the person's word is kept"

    cove("exec", "src", "--", "touch", "mine").check()
    kept = cove("rm", "src", "--data", "--json").check().json["clone"]
    assert "1 file is not committed: src/mine" in kept
    cove("up", url).check()
    cove("exec", "src", "--", "rm", "mine").check()
    assert cove("rm", "src", "--data", "--json").check().json["clone"] == "removed"
