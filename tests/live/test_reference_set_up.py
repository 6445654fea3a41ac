"""Containers that others made: `set-up` and its sisters beside the reference's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from testbed.reference import Reference
from testbed.workspace import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

METADATA = [
    {"id": "a-feature", "postCreateCommand": "echo feature >> /tmp/log"},
    {
        "remoteUser": "dev",
        "postCreateCommand": "echo label $L >> /tmp/log",
        "remoteEnv": {"L": "${containerEnv:C}"},
    },
]
DOCKERFILE = """\
FROM {base}
RUN useradd -m -s /bin/bash dev && mkdir /dot && cd /dot && git init -q . \\
 && printf '#!/bin/sh\\necho dotfiles >> /tmp/log\\n' > install.sh && chmod +x install.sh && git add -A \\
 && git -c user.name=a -c user.email=b commit -qm a && chown -R dev /dot
ENV C=c
"""
CONFIG = {
    "remoteEnv": {"F": "${containerEnv:C}/f", "W": "${localWorkspaceFolder}"},
    "onCreateCommand": "echo on $F >> /tmp/log",
    "postStartCommand": ["sh", "-c", "echo start $OPTION >> /tmp/log"],
    "postAttachCommand": {"a": "pwd >> /tmp/log"},
    "forwardPorts": [3000],
}
FACTS = 'cat /tmp/log; pwd; id -un; echo "$L $F $OPTION"'
SHOW = ("--include-configuration", "--include-merged-configuration")
CASES: dict[str, tuple[bool, dict[str, Any] | None, tuple[str, ...]]] = {
    "metadata": (True, None, SHOW),
    "a file": (False, CONFIG, SHOW),
    "a file of a user": (False, {**CONFIG, "remoteUser": "dev", "workspaceFolder": "/tmp"}, SHOW),
    "both": (True, CONFIG, SHOW),
    "nothing said": (False, None, ()),
    "nothing run": (True, CONFIG, (*SHOW, "--skip-post-create")),
    "what is awaited": (True, CONFIG, ("--skip-non-blocking-commands",)),
    "a variable": (True, CONFIG, ("--remote-env", "OPTION=given")),
    "dotfiles": (True, CONFIG, ("--dotfiles-repository", "file:///dot", "--dotfiles-target-path", "~/d")),
}


@pytest.fixture(scope="module")
def image(engine: Engine, base_image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image without metadata; `:labelled` has some."""
    folder = tmp_path_factory.mktemp("set-up")
    label = json.dumps(json.dumps(METADATA)).replace("$", "\\$")
    plain = DOCKERFILE.replace("{base}", base_image)
    name = "localhost/cove-test/set-up"
    write_files(
        folder, {"plain": plain, "labelled": f"FROM {name}:plain\nLABEL devcontainer.metadata={label}\n"}
    )
    for tag in ("plain", "labelled"):
        engine.cli("build", "-q", "-t", f"{name}:{tag}", "-f", str(folder / tag), str(folder))
    return name


@pytest.mark.full("reference")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
@pytest.mark.parametrize("case", CASES)
def test_the_same(cove: Cove, engine: Engine, image: str, tmp_path: Path, case: str) -> None:
    labelled, config, words = CASES[case]
    named: tuple[str, ...] = ()
    if config is not None:
        path = write_files(tmp_path / "c", {"devcontainer.json": json.dumps(config)}) / "devcontainer.json"
        named = ("--config", str(path))
    told = []
    for tool in ("cove", "reference") if engine.name == "docker" else ("cove",):
        container = start(cove, engine, f"{image}:{'labelled' if labelled else 'plain'}", tmp_path / "made")
        which = ("--container-id", container, *named)
        try:
            told.append(
                [
                    ask(cove, engine, tool, *call)
                    for call in (
                        ("set-up", *which, *words),
                        ("exec", *which, "--remote-env", "OPTION=o", "sh", "-c", FACTS),
                        ("run-user-commands", *which),
                        ("read-configuration", *which, "--include-merged-configuration"),
                        ("exec", *which, "sh", "-c", "cat /tmp/log"),
                    )
                ]
            )
        finally:
            engine.cli("rm", "-f", container)
    ours, *theirs = told
    assert [code for code, _ in ours][:4] == [0, 0, 0, 0] or theirs
    for other in theirs:
        assert ours == other


def start(cove: Cove, engine: Engine, image: str, folder: Path) -> str:
    """Start a container of an image; podman's own words for that do not work on every host, and cove knows which do."""
    if engine.name == "docker":
        return engine.cli("run", "-d", image, "sleep", "infinity").stdout.strip()
    write_files(folder, {".devcontainer.json": json.dumps({"image": image})})
    where = ("--workspace-folder", str(folder), "--docker-path", engine.name)
    opened = cove("devcontainer", "up", *where, "--id-label", "made=by-others", "--skip-post-create").check()
    return str(opened.json["containerId"])


def ask(cove: Cove, engine: Engine, tool: str, *words: str) -> tuple[int, Any]:
    """Return exit code and output of a call, JSON without what a release of the reference adds."""
    if tool == "cove":
        command, *rest = words
        said = cove("devcontainer", command, "--docker-path", engine.name, *rest)
        code, text = said.code, said.stdout
    else:
        done = Reference(engine)(*words)
        code, text = done.returncode, done.stdout
    if not text.startswith("{"):
        return code, text
    found = json.loads(text)
    found.pop("ociAuthDiagnostics", None)
    merged = found.get("mergedConfiguration")
    if merged and "Infinity" in json.dumps(merged.get("hostRequirements", {})):
        del merged["hostRequirements"]
    return code, found


@pytest.mark.full("reference")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_the_same_failures(cove: Cove, engine: Engine, image: str, tmp_path: Path) -> None:
    container = start(cove, engine, f"{image}:plain", tmp_path)
    bad = write_files(tmp_path, {"x.json": '{"postCreateCommand": "exit 3"}'}) / "x.json"
    for words in (
        ("--container-id", "none"),
        ("--container-id", container, "--config", str(tmp_path / "none.json")),
        ("--container-id", container, "--config", str(bad)),
        (),
        ("--container-id", container, "--workspace-folder", "/"),
    ):
        ours, theirs = (ask(cove, engine, tool, "set-up", *words) for tool in ("cove", "reference"))
        assert (ours[0], type(ours[1])) == (theirs[0], type(theirs[1])) == (1, type(ours[1])), words
        if isinstance(ours[1], dict):
            assert ours[1]["outcome"] == theirs[1]["outcome"] == "error"
    engine.cli("rm", "-f", container)
