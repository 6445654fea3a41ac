"""`cove devcontainer run-user-commands`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import pytest

    from cove.testing import FakeEngine

    Call = Callable[..., Any]
    Ran = Callable[[], list[str]]


def test_run_user_commands(
    repository: str, engine: FakeEngine, call: Call, ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devcontainer", "run-user-commands", "--workspace-folder", repository]) == 1
    capsys.readouterr()
    call("up", "--workspace-folder", repository, "--skip-post-create")
    found = call("run-user-commands", "--workspace-folder", repository, "--prebuild")
    assert found == {"outcome": "success", "result": "prebuild"}
    assert ran() == ["on", "update"]
