"""`cove devcontainer up` on an engine in memory; real ones: tests/live/test_reference.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.spec.compose import PROJECT_LABEL, SERVICE_LABEL
from cove.spec.identity import identity_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cove.host.proc import Command
    from cove.testing import FakeEngine

    Call = Callable[..., Any]
    Ran = Callable[[], list[str]]


def test_a_new_container_has_the_specifications_labels_and_no_others(
    repository: str, engine: FakeEngine, call: Call, ran: Ran
) -> None:
    found = call("up", "--workspace-folder", repository, "--include-configuration")
    (container,) = engine.there.values()
    assert found["outcome"] == "success"
    assert (found["containerId"], found["remoteWorkspaceFolder"]) == (container.id, "/workspaces/nets")
    assert found["configuration"]["image"] == "debian"
    labels = identity_labels(repository, f"{repository}/.devcontainer.json")
    assert {key: value for key, value in container.labels.items() if key != "devcontainer.metadata"} == {
        **labels,
        "cove.owner": container.labels["cove.owner"],
    }
    assert ran() == ["on", "update", "post", "attach"]


def test_it_is_found_again(repository: str, engine: FakeEngine, call: Call, ran: Ran) -> None:
    first = call("up", "--workspace-folder", repository)
    again = call("up", "--workspace-folder", repository)
    assert again["containerId"] == first["containerId"]
    anew = call("up", "--workspace-folder", repository, "--remove-existing-container")
    assert list(engine.there) == [anew["containerId"]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--skip-post-create",), []),
        (("--skip-post-attach",), ["on", "update", "post"]),
        (("--prebuild",), ["on", "update"]),
        (("--skip-non-blocking-commands",), ["on", "update"]),
    ],
)
def test_stages(
    repository: str,
    engine: FakeEngine,
    call: Call,
    ran: Ran,
    words: tuple[str, ...],
    expected: list[str],
) -> None:
    call("up", "--workspace-folder", repository, *words)
    assert ran() == expected


def test_labels_of_ones_own(repository: str, engine: FakeEngine, call: Call, ran: Ran) -> None:
    words = ("--workspace-folder", repository, "--id-label", "me=1")
    call("up", *words)
    (container,) = engine.there.values()
    assert container.labels["me"] == "1"
    assert "devcontainer.local_folder" not in container.labels
    assert call("up", *words)["containerId"] == container.id


def test_failures_are_told_on_both_streams(
    repository: str, engine: FakeEngine, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devcontainer", "up", "--workspace-folder", repository, "--expect-existing-container"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["outcome"] == "error"
    assert "The expected container does not exist." in said.err
    found = call("up", "--workspace-folder", "/nowhere", code=1)
    assert found["message"] == "Dev container config (/nowhere/.devcontainer/devcontainer.json) not found."


@pytest.fixture
def composed(repository: str, engine: FakeEngine) -> str:
    """A repository whose service compose brings up."""
    config = {"dockerComposeFile": "c.yml", "service": "app", "workspaceFolder": "/repo"}
    Path(repository, ".devcontainer.json").write_text(json.dumps({**config, "remoteUser": "dev"}))
    Path(repository, "c.yml").write_text("services: {app: {image: debian, user: me}, db: {image: db}}\n")

    def bring_up(command: Command) -> None:
        if "up" not in command.argv:
            return
        override = Path(command.argv[command.argv.index("up") - 1])
        assert override.name.startswith("docker-compose.devcontainer.containerFeatures")
        service = json.loads(override.read_text())["services"]["app"]
        labels = {name: value.replace("$$", "$") for name, value in service["labels"].items()}
        for name, more in (("db", {}), ("app", labels)):
            if not engine.containers({PROJECT_LABEL: "nets", SERVICE_LABEL: name}):
                engine.add_container(labels={PROJECT_LABEL: "nets", SERVICE_LABEL: name, **more})

    engine.runner.answer("docker-compose", effect=bring_up)
    return repository


def test_a_service(composed: str, engine: FakeEngine, call: Call) -> None:
    where = ("--workspace-folder", composed)
    assert call("up", *where, "--expect-existing-container", code=1)["message"].endswith("does not exist.")
    made = call("up", *where, "--include-configuration")
    assert list(made) == [
        "outcome", "containerId", "composeProjectName", "remoteUser", "remoteWorkspaceFolder", "configuration",
    ]  # fmt: skip
    assert (made["composeProjectName"], made["remoteWorkspaceFolder"]) == ("nets", "/repo")
    container = engine.there[made["containerId"]]
    assert container.labels["devcontainer.local_folder"] == composed
    assert "cove.id" not in container.labels
    assert call("up", *where)["containerId"] == made["containerId"]
    for other in list(engine.there):
        engine.stop(other)
    assert call("up", *where)["containerId"] == made["containerId"]
    assert {other.state for other in engine.there.values()} == {"running"}
    call("up", *where, "--remove-existing-container")
    assert f"remove {made['containerId']}" in engine.calls
