"""The stand-in beside the reference CLI: equal words for equal files, and each goes on where the other stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from testbed.collection import served_collection
from testbed.reference import Reference

if TYPE_CHECKING:
    from testbed.collection import Collection
    from testbed.command import Cove
    from testbed.engine import Engine

PLACES = ("dstFolder", "cachePath")
"""Where each tool keeps Features' files."""
CASES = json.loads((Path(__file__).parents[1] / "cases" / "read-configuration.json").read_text())
CONFIG = {
    "remoteEnv": {"X": "${containerEnv:C}/x", "Q": "file"},
    "containerEnv": {"C": "1"},
    "onCreateCommand": "echo on >> /tmp/log",
    "updateContentCommand": ["sh", "-c", "echo update >> /tmp/log"],
    "postCreateCommand": {"a": "echo post >> /tmp/log"},
    "postStartCommand": "echo start >> /tmp/log",
}
FACTS = 'cat /tmp/log; echo "$X $Q $C"; pwd; id -un; exit 7'


@pytest.fixture
def repository(base_image: str, tmp_path: Path) -> Path:
    folder = tmp_path / "nets"
    folder.mkdir()
    (folder / ".devcontainer.json").write_text(json.dumps({"image": base_image, **CONFIG}))
    return folder


@pytest.mark.parametrize("engine", ["podman"], indirect=True, scope="session")
def test_up_and_exec(cove: Cove, engine: Engine, repository: Path) -> None:
    where = ("--workspace-folder", str(repository), "--docker-path", "podman")
    opened = cove("devcontainer", "up", *where).check().json
    assert (opened["outcome"], opened["remoteUser"]) == ("success", "root")
    told = cove("devcontainer", "exec", *where, "--remote-env", "Q=option", "sh", "-c", FACTS).check(7)
    assert told.stdout == "on\nupdate\npost\nstart\n1/x file 1\n/workspaces/nets\nroot\n"
    assert cove("devcontainer", "up", *where).check().json["containerId"] == opened["containerId"]
    assert cove("exec", str(repository), "--", "cat", "/tmp/log").check().stdout.startswith("on\n")
    engine.cli("rm", "-f", opened["containerId"])


@pytest.fixture
def reference(engine: Engine) -> Reference:
    return Reference(engine)


@pytest.mark.full("reference")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_the_recorded_answers_are_the_references(
    engine: Engine, reference: Reference, tmp_path: Path
) -> None:
    """The everyday tests compare with these; another release of the reference may say other words."""
    others = []
    (tmp_path / "registry").mkdir()
    with served_collection(tmp_path / "registry") as collection:
        for number, case in enumerate(CASES):
            collection.pages.clear()
            collection.fill(case.get("registry", {}))
            if ask(engine, reference, case, tmp_path / str(number), collection) != case["expected"]:
                others.append(case["name"])
    sys.stderr.write(f"\n{len(CASES) - len(others)} of {len(CASES)} answers are as recorded\n")
    assert not others


def ask(
    engine: Engine, reference: Reference, case: dict[str, Any], place: Path, collection: Collection
) -> Any:
    """Return what the reference says of a case, without what is of this machine; None where it fails."""
    base = place / "p"
    folder = base / case.get("sub", "")
    folder.mkdir(parents=True)
    if case.get("git"):
        subprocess.run(("git", "init", "-q", str(base)), check=True)
    for name, text in case["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("{registry}", collection.name))
    build_image(engine, place, case.get("metadata"))
    words = [word.replace("{root}", str(folder)) for word in case.get("args", ())]
    env = {"CASE": "value", "NODE_EXTRA_CA_CERTS": str(collection.authority)}
    done = reference("read-configuration", "--workspace-folder", str(folder), *words, env=env)
    if done.returncode:
        return None
    text = done.stdout.replace(str(base), "{base}").replace(collection.name, "{registry}")
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: {
            key: value for key, value in pairs if key not in {*PLACES, "ociAuthDiagnostics"}
        },
    )


def build_image(engine: Engine, folder: Path, metadata: Any) -> None:
    """Build the image that the cases name, with this label."""
    quoted = json.dumps(json.dumps(metadata)).replace("$", "\\$")
    label = "x=y" if metadata is None else f"devcontainer.metadata={quoted}"
    (folder / "Dockerfile").write_text(f"FROM scratch\nLABEL {label}\n")
    engine.cli("build", "-q", "-t", "case-image", "-f", str(folder / "Dockerfile"), str(folder))


@pytest.mark.full("reference")
@pytest.mark.parametrize(
    ("engine", "first"),
    # The reference starts no podman container on a host without CAP_SYS_RESOURCE, to which cove adapts.
    [("docker", "cove"), ("docker", "reference"), ("podman", "cove")],
    indirect=["engine"],
    scope="session",
)
def test_each_goes_on_where_the_other_stopped(
    cove: Cove, engine: Engine, reference: Reference, repository: Path, first: str
) -> None:
    where = ("--workspace-folder", str(repository))
    path = ("--docker-path", engine.name)

    def ours(command: str, *words: str) -> tuple[int, str]:
        done = cove("devcontainer", command, *where, *path, *words)
        return done.code, done.stdout

    def theirs(command: str, *words: str) -> tuple[int, str]:
        done = reference(command, *where, *words)
        return done.returncode, done.stdout

    maker, other = (ours, theirs) if first == "cove" else (theirs, ours)
    made = json.loads(maker("up")[1])
    assert made["outcome"] == "success", made
    found = json.loads(other("up")[1])
    keys = ("outcome", "containerId", "remoteUser", "remoteWorkspaceFolder")
    assert [found[key] for key in keys] == [made[key] for key in keys]
    assert ours("exec", "sh", "-c", FACTS) == theirs("exec", "sh", "-c", FACTS)
    assert json.loads(ours("run-user-commands")[1])["result"] == "done"
    assert json.loads(theirs("run-user-commands")[1])["result"] == "done"
    log = cove("exec", str(repository), "--", "cat", "/tmp/log").check().stdout.split()
    assert log == ["on", "update", "post", "start"], "nobody ran what the other had run"

    merged = ("--include-merged-configuration",)
    code, text = theirs("read-configuration", *merged)
    expected = json.loads(text)
    expected.pop("ociAuthDiagnostics", None)
    assert (code, json.loads(ours("read-configuration", *merged)[1])) == (0, expected)
    engine.cli("rm", "-f", made["containerId"])
