"""`cove devcontainer exec`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cove.testing import FakeEngine

    Call = Callable[..., Any]


def test_exec(repository: str, engine: FakeEngine, call: Call) -> None:
    found = call("up", "--workspace-folder", repository)
    words = ("--remote-env", "A=1", "--remote-env", "F=option")
    main(["devcontainer", "exec", "--workspace-folder", repository, *words, "train", "--fast"])
    command = engine.runner.attached[-1]
    assert command.argv[-2:] == ("train", "--fast")
    assert found["containerId"] in command.argv
    assert (command.env["A"], command.env["F"], command.env["R"]) == ("1", "file", "/usr/bin")
    main(["devcontainer", "exec", "--container-id", found["containerId"], "ls"])
    assert engine.runner.attached[-1].argv[-1] == "ls"
    assert main(["devcontainer", "exec", "--workspace-folder", repository]) == 1
