"""`cove shell`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    import pytest

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine


def test_the_login_shell_of_where_you_stand(
    engine: FakeEngine, there: ContainerInfo, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    engine.runner.answer("docker exec /bin/bash -l", code=7)
    assert main(["shell"]) == 7
    assert engine.execs[0].interactive
    assert engine.execs[0].workdir == "/workspaces/digits"
