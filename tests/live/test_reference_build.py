"""`build` of the stand-in beside the reference's: the same names, metadata, user and environment for the same files."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from testbed.reference import Reference
from testbed.workspace import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

FEATURE = {
    "id": "greet",
    "version": "1.0.0",
    "options": {"word": {"type": "string", "default": "hi"}},
    "customizations": {"vscode": {"extensions": ["a.b"]}},
    "containerEnv": {"GREETED": "$PATH:yes"},
    "postCreateCommand": "echo ${localWorkspaceFolder} \"quoted\" 'single' $HOME",
    "entrypoint": "/entry",
    "mounts": [{"type": "volume", "source": "v-${devcontainerId}", "target": "/v"}],
}
FILES = {
    ".devcontainer/greet/devcontainer-feature.json": json.dumps(FEATURE),
    ".devcontainer/greet/install.sh": '#!/bin/sh\nset -e\necho "$WORD $_REMOTE_USER $_REMOTE_USER_HOME" > /greeted\n',
}
FILES = {name: text.replace("\\\n", "\n") for name, text in FILES.items()}
DOCKERFILE = (
    "FROM {base} AS first\nRUN useradd -m dev\nENV FROM_FILE=1\nUSER dev\nFROM first AS second\nUSER root\n"
)
WITH = {"features": {"./greet": {"word": "hello"}}}
SAID = {
    "remoteUser": "dev",
    "containerEnv": {"C": "c $x"},
    "remoteEnv": {"A": "${containerEnv:PATH}"},
    "customizations": {"vscode": {"settings": {"a": 'b"c'}}},
    "postCreateCommand": ["a", "b $HOME"],
    "forwardPorts": [3000],
}
CASES: dict[str, tuple[dict[str, Any], dict[str, str], tuple[str, ...]]] = {
    "image": ({"image": "{base}"}, {}, ()),
    "image, all said": ({"image": "{base}", **SAID, "remoteUser": "root"}, {}, ()),
    "image with a Feature": ({"image": "{base}", **WITH}, {}, ()),
    "image with a label": ({"image": "{base}"}, {}, ("--label", "a=b", "--label", "c=d e")),
    "image with metadata": ({"image": "{made}", "init": True}, {}, ()),
    "image with metadata and a Feature": ({"image": "{made}", **WITH}, {}, ()),
    "a Feature by option": ({"image": "{base}"}, {}, ("--additional-features", '{"./greet": true}')),
    "a Feature without its customizations": (
        {"image": "{base}", **WITH, "customizations": {"x": {}}},
        {},
        ("--skip-persisting-customizations-from-features",),
    ),
    "Dockerfile": ({"build": {"dockerfile": "Dockerfile"}, **SAID}, {"Dockerfile": DOCKERFILE}, ()),
    "Dockerfile, a stage": (
        {"build": {"dockerfile": "Dockerfile", "target": "first"}},
        {"Dockerfile": DOCKERFILE},
        (),
    ),
    "Dockerfile with a Feature": (
        {"build": {"dockerfile": "Dockerfile"}, **WITH, **SAID, "containerEnv": {}},
        {"Dockerfile": DOCKERFILE},
        (),
    ),
    "Dockerfile with a Feature, no cache": (
        {"build": {"dockerfile": "Dockerfile"}, **WITH},
        {"Dockerfile": DOCKERFILE},
        ("--no-cache",),
    ),
    "Dockerfile with arguments": (
        {"build": {"dockerfile": "Dockerfile", "args": {"WHO": "ada"}}},
        {"Dockerfile": "FROM {base}\nARG WHO\nENV WHO=$WHO\n"},
        (),
    ),
    "compose, an image": (
        {"dockerComposeFile": "c.yml", "service": "app", **SAID, "remoteUser": "root"},
        {"c.yml": "services:\n  app:\n    image: {base}\n"},
        (),
    ),
    "compose, an image with a Feature": (
        {"dockerComposeFile": "c.yml", "service": "app", **WITH},
        {"c.yml": "services:\n  app:\n    image: {base}\n"},
        (),
    ),
    "compose, a Dockerfile": (
        {"dockerComposeFile": ["c.yml"], "service": "app"},
        {"c.yml": "services:\n  app:\n    build: .\n", "Dockerfile": DOCKERFILE},
        (),
    ),
    "compose, a Dockerfile with a Feature": (
        {"dockerComposeFile": "c.yml", "service": "app", **WITH},
        {"c.yml": "services:\n  app:\n    build: {context: .}\n", "Dockerfile": DOCKERFILE},
        (),
    ),
}
FAILURES: dict[str, tuple[dict[str, Any], dict[str, str], tuple[str, ...]]] = {
    "no image": ({"name": "x"}, {}, ()),
    "no Dockerfile": ({"build": {"dockerfile": "none"}}, {}, ()),
    "a command that fails": ({"build": {"dockerfile": "D"}}, {"D": "FROM {base}\nRUN exit 3\n"}, ()),
    "a stage that is not there": (
        {"build": {"dockerfile": "D", "target": "none"}},
        {"D": "FROM {base}\n"},
        (),
    ),
    "a Feature that is not there": ({"image": "{base}", "features": {"./none": {}}}, {}, ()),
    "a Feature that fails": (
        {"image": "{base}", "features": {"./bad": {}}},
        {"bad/devcontainer-feature.json": '{"id": "bad"}', "bad/install.sh": "exit 4\n"},
        (),
    ),
    "pushed and written": ({"image": "{base}"}, {}, ("--push", "true", "--output", "o")),
    "a frozen lockfile that is not there": ({"image": "{base}", **WITH}, {}, ("--frozen-lockfile",)),
    "compose for a platform": (
        {"dockerComposeFile": "c.yml", "service": "app"},
        {"c.yml": "services:\n  app:\n    image: {base}\n"},
        ("--platform", "linux/amd64"),
    ),
    "compose, no such service": (
        {"dockerComposeFile": "c.yml", "service": "none"},
        {"c.yml": "services:\n  app:\n    image: {base}\n"},
        (),
    ),
}
USAGE = (
    ("--nonsense",),
    ("--image-name", "x", "--buildkit", "perhaps"),
    ("--id-label", "a=b"),
    ("--no-lockfile", "--frozen-lockfile"),
    ("one", "two"),
)


def lay_out(
    folder: Path, base: str, case: tuple[dict[str, Any], dict[str, str], tuple[str, ...]], made: str
) -> tuple[str, ...]:
    """Write a case's files; return the words of the call."""
    config, files, words = case
    text = json.dumps(config)
    written = {**FILES, **{f".devcontainer/{name}": text for name, text in files.items()}}
    written[".devcontainer/devcontainer.json"] = text
    filled = {name: text.replace("{base}", base).replace("{made}", made) for name, text in written.items()}
    write_files(folder, filled)
    return ("--workspace-folder", str(folder), *words)


def facts(engine: Engine, name: str) -> dict[str, Any]:
    """Return what counts of an image."""
    (found,) = json.loads(engine.cli("image", "inspect", name).stdout)
    labels = dict(found["Config"].get("Labels") or {})
    entries = json.loads(labels.pop("devcontainer.metadata", "[]"))
    for label in [label for label in labels if label.startswith(("com.docker.compose", "io.buildah"))]:
        del labels[label]
    return {
        "metadata": entries,
        "labels": labels,
        "user": found["Config"].get("User") or "root",
        "env": sorted(found["Config"]["Env"]),
    }


@pytest.mark.full("reference-build")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
@pytest.mark.parametrize("case", CASES)
def test_the_same_image(cove: Cove, engine: Engine, base_image: str, tmp_path: Path, case: str) -> None:
    made = "localhost/cove-test/with-metadata"
    label = json.dumps(json.dumps([{"remoteUser": "root", "postStartCommand": "s"}]))
    (tmp_path / "D").write_text(f"FROM {base_image}\nLABEL devcontainer.metadata={label}\n")
    engine.cli("build", "-q", "-t", made, "-f", str(tmp_path / "D"), str(tmp_path))
    words = lay_out(tmp_path / "nets", base_image, CASES[case], made)
    names = ("--image-name", "localhost/try/ours", "--image-name", "localhost/try/ours:2")
    built = cove("devcontainer", "build", *words, *names, "--docker-path", engine.name).check().json
    assert built == {"outcome": "success", "imageName": list(names[1::2])}
    ours = facts(engine, "localhost/try/ours:2")
    if engine.name != "docker":  # the reference's builds run into this host's adaptations
        config, _, _ = CASES[case]
        said = {key: value for key, value in config.items() if key in {*SAID, "init"}}
        assert not said or said.items() <= ours["metadata"][-1].items()
        return
    reference = Reference(engine)
    done = reference("build", *words, "--image-name", "localhost/try/theirs")
    assert done.returncode == 0, done.stderr
    theirs = facts(engine, "localhost/try/theirs")
    if "label" not in case:  # without buildx it gives some none
        assert ours["labels"] == theirs["labels"]
    ours.pop("labels"), theirs.pop("labels")
    assert ours == theirs

    plain = cove("devcontainer", "build", *words).check().json
    said = json.loads(reference("build", *words).stdout)
    assert plain["imageName"] == said["imageName"]


@pytest.mark.full("reference-build")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
@pytest.mark.parametrize("case", FAILURES)
def test_the_same_failures(cove: Cove, engine: Engine, base_image: str, tmp_path: Path, case: str) -> None:
    words = lay_out(tmp_path / "nets", base_image, FAILURES[case], "")
    ours = cove("devcontainer", "build", *words).check(1).json
    done = Reference(engine)("build", *words)
    theirs = json.loads(done.stdout)
    assert (done.returncode, theirs["outcome"], ours["outcome"]) == (1, "error", "error")
    assert ours.keys() <= theirs.keys()
    assert ours["message"]


@pytest.mark.full("reference-build")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_the_same_usage(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    where = lay_out(tmp_path / "nets", base_image, CASES["image"], "")
    reference = Reference(engine)
    for words in USAGE:
        done = reference("build", *where, *words)
        ours = cove("devcontainer", "build", *where, *words).check(1)
        assert (done.returncode, done.stdout, ours.stdout) == (1, "", ""), words


@pytest.mark.full("reference-build")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
def test_pushed_and_written(
    cove: Cove, engine: Engine, base_image: str, registry: str, tmp_path: Path
) -> None:
    words = lay_out(tmp_path / "nets", base_image, CASES["image with a Feature"], "")
    path = ("--docker-path", engine.name)
    name = f"{registry}/try/pushed:1"
    cove("devcontainer", "build", *words, *path, "--image-name", name, "--push").check()
    engine.cli("rmi", "-f", name)
    engine.cli("pull", "-q", name)
    assert [entry["id"] for entry in facts(engine, name)["metadata"]] == ["./greet"]
    written = tmp_path / "out.tar"
    cove("devcontainer", "build", *words, *path, "--output", f"type=tar,dest={written}").check()
    with tarfile.open(written) as archive:
        assert "greeted" in archive.getnames()
