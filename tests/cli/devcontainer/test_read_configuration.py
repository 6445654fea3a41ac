"""`cove devcontainer read-configuration`: what the reference CLI printed for each case, word for word."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from testbed.collection import served_collection

from cove.cli import main
from cove.spec.identity import devcontainer_id, identity_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.collection import Collection

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
REFUSED = {"features: an empty file in the place of a Feature"}
"""What the reference reads as far as it goes, and cove says is no Feature."""


def adapt(case: dict[str, Any]) -> Any:
    """Return what the reference printed, but for its slips."""
    expected = None if case["name"] in REFUSED else case["expected"]
    if case["name"] in DIFFERENT:
        theirs, ours = DIFFERENT[case["name"]]
        expected = json.loads(json.dumps(expected).replace(f'"{theirs}"', f'"{ours}"'))
    if expected and expected.get("mergedConfiguration", {}).get("hostRequirements") == NO_DEMANDS:
        del expected["mergedConfiguration"]["hostRequirements"]
    return expected


def lay_out(case: dict[str, Any], base: Path, registry: str = "") -> str:
    """Write the files of a case and return its workspace's folder."""
    folder = base / case.get("sub", "")
    folder.mkdir(parents=True)
    if case.get("git"):
        (base / ".git").mkdir()
        (base / ".git" / "config").touch()
    for name, text in case["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("{registry}", registry))
    return str(folder)


def normalise(text: str, base: Path, registry: str = "{registry}") -> Any:
    """Return an answer without what is of this machine; tests/live/test_reference.py does so with the reference's."""
    found = json.loads(text.replace(str(base), "{base}").replace(registry, "{registry}"))
    found.pop("ociAuthDiagnostics", None)
    if features := found.get("featuresConfiguration"):
        del features["dstFolder"]
        for feature in (feature for one in features["featureSets"] for feature in one["features"]):
            del feature["cachePath"]
    return found


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with served_collection(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_as_the_reference(
    case: dict[str, Any],
    engine: FakeEngine,
    collection: Collection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CASE", "value")
    monkeypatch.delenv("CASE_NONE", raising=False)
    base = tmp_path / "p"
    collection.pages.clear()
    collection.fill(case.get("registry", {}))
    monkeypatch.setenv("COVE_CERTIFICATES", str(collection.authority))
    folder = lay_out(case, base, collection.name)
    labels = {"devcontainer.metadata": json.dumps(case["metadata"])} if "metadata" in case else {}
    engine.add_image("case-image", labels=labels)
    words = [word.replace("{root}", folder) for word in case.get("args", ())]
    code = main(["devcontainer", "read-configuration", "--workspace-folder", folder, *words])
    said = capsys.readouterr()
    expected = adapt(case)
    assert code == (0 if expected else 1), said.err
    if expected:
        assert normalise(said.out, base, collection.name) == expected
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


def test_a_dockerfile_that_is_not_there(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out({"files": {".devcontainer.json": '{"build": {"dockerfile": "none"}}'}}, tmp_path / "p")
    words = ("read-configuration", "--workspace-folder", folder, "--include-merged-configuration")
    assert main(["devcontainer", *words]) == 1
    assert "/p/none does not exist" in capsys.readouterr().err
    assert engine.calls == []


def test_here_by_default(
    bound: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bound[0])
    assert main(["devcontainer", "read-configuration"]) == 0
    assert json.loads(capsys.readouterr().out)["workspace"]["workspaceFolder"] == "/workspaces/p"
    assert os.getcwd() == bound[0]
