"""`cove devcontainer read-configuration`: what the reference CLI printed for each case, word for word."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cove.cli import main
from cove.spec.identity import devcontainer_id, identity_labels

if TYPE_CHECKING:
    from cove.testing import FakeEngine

CASES = json.loads((Path(__file__).parents[2] / "cases" / "read-configuration.json").read_text())
"""Each with what the reference printed; null: it failed. tests/live/test_reference.py asks it again."""


NO_DEMANDS = {"cpus": None, "memory": "-Infinity", "storage": "-Infinity"}
"""What the reference makes of hostRequirements where nobody says anything at all: a slip; cove says nothing."""
DIFFERENT = {
    "variable: with default": (
        "x",
        "x:y",
    ),  # it cuts a default at its first colon; the specification has one default
}
"""Where the reference does not do what its specification says: its words, and ours (docs/reference.md tells why)."""


def adapt(case: dict[str, Any]) -> Any:
    """Return what the reference printed, but for its slips."""
    expected = case["expected"]
    if case["name"] in DIFFERENT:
        theirs, ours = DIFFERENT[case["name"]]
        expected = json.loads(json.dumps(expected).replace(f'"{theirs}"', f'"{ours}"'))
    if expected and expected.get("mergedConfiguration", {}).get("hostRequirements") == NO_DEMANDS:
        del expected["mergedConfiguration"]["hostRequirements"]
    return expected


def lay_out(case: dict[str, Any], base: Path) -> str:
    """Write the files of a case and return its workspace's folder."""
    folder = base / case.get("sub", "")
    folder.mkdir(parents=True)
    if case.get("git"):
        (base / ".git").mkdir()
        (base / ".git" / "config").touch()
    for name, text in case["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_as_the_reference(
    case: dict[str, Any],
    engine: FakeEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CASE", "value")
    monkeypatch.delenv("CASE_NONE", raising=False)
    base = tmp_path / "p"
    folder = lay_out(case, base)
    labels = {"devcontainer.metadata": json.dumps(case["metadata"])} if "metadata" in case else {}
    engine.add_image("case-image", labels=labels)
    words = [word.replace("{root}", folder) for word in case.get("args", ())]
    code = main(["devcontainer", "read-configuration", "--workspace-folder", folder, *words])
    said = capsys.readouterr()
    assert code == (0 if case["expected"] else 1), said.err
    if case["expected"]:
        assert json.loads(said.out.replace(str(base), "{base}")) == adapt(case)
    else:
        assert said.out == ""


@pytest.fixture
def bound(engine: FakeEngine, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """A folder, and a container of its configuration; returns the labels too."""
    config = '{"image": "x", "remoteEnv": {"A": "${containerEnv:P}", "I": "${devcontainerId}"}, "remoteUser": "me"}'
    folder = lay_out({"files": {".devcontainer.json": config}}, tmp_path / "p")
    labels = identity_labels(folder, f"{folder}/.devcontainer.json")
    metadata = json.dumps([{"remoteUser": "image", "init": True, "remoteEnv": {"B": "${containerEnv:P}"}}])
    engine.add_container(labels={**labels, "devcontainer.metadata": metadata}, env={"P": "/bin"})
    return folder, labels


def test_a_container_that_is_there_tells_the_rest(
    bound: tuple[str, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, labels = bound
    words = ("read-configuration", "--workspace-folder", folder, "--include-merged-configuration")
    assert main(["devcontainer", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["configuration"]["remoteEnv"] == {"A": "/bin", "I": devcontainer_id(labels)}
    merged = found["mergedConfiguration"]
    assert (merged["init"], merged["remoteUser"]) == (True, "me")
    assert merged["remoteEnv"] == {"B": "/bin", "A": "/bin", "I": devcontainer_id(labels)}


def test_a_container_alone(
    bound: tuple[str, dict[str, str]], engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    (container,) = engine.there
    words = ("read-configuration", "--container-id", container, "--include-merged-configuration")
    assert main(["devcontainer", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["configuration"] == {}
    assert found["mergedConfiguration"]["remoteUser"] == "image"


def test_here_by_default(
    bound: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bound[0])
    assert main(["devcontainer", "read-configuration"]) == 0
    assert json.loads(capsys.readouterr().out)["workspace"]["workspaceFolder"] == "/workspaces/p"
    assert os.getcwd() == bound[0]
