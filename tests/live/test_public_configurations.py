"""`read-configuration` of the stand-in beside the reference's, for what the public has: Templates, the reference's cases."""

from __future__ import annotations

import json
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from testbed.collection import served_collection
from testbed.public import public
from testbed.reference import Reference

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.collection import Collection
    from testbed.command import Cove
    from testbed.engine import Engine

PLACES = ("dstFolder", "cachePath", "ociAuthDiagnostics")
"""Where each tool keeps Features' files, and what the reference tells of its logins."""
INCLUDED = ("--include-features-configuration", "--include-merged-configuration")
NAMED = "docker-compose before 2 knows no `name` beside `version`; the reference asks it, cove reads the files itself"
REASONS = {
    f"configs/{name}/.devcontainer/devcontainer.json {' '.join(INCLUDED)}": NAMED
    for name in ("compose-with-name", "compose-with-name-using-env-var")
}
"""Answers that differ from the reference's on purpose: by name, why."""
LABEL = [
    {"id": "ghcr.io/devcontainers/features/common-utils:2", "entrypoint": "/usr/local/share/entry"},
    {"remoteUser": "vscode", "remoteEnv": {"FROM": "image"}, "customizations": {"vscode": {"settings": {}}}},
]
"""What every image of these configurations carries here, in the manner of the public ones."""
REGISTRY = "ghcr.io"
IMAGE = re.compile(r"""^(?:FROM(?:\s+--\S+)?|\s*image:|\s*"image":)\s+["']?([^\s"',]+)""", re.MULTILINE)
ARGUMENT = re.compile(r"^ARG\s+(\w+)=[\"']?([^\s\"']+)", re.MULTILINE)


class Case(NamedTuple):
    """A configuration in a copy of its folder."""

    name: str
    folder: Path
    file: Path


@pytest.mark.full("public")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_public_configurations_read_the_same(cove: Cove, engine: Engine, tmp_path: Path) -> None:
    """Images bear their public names and this machine's label; Features come from a registry on loopback."""
    (tmp_path / "registry").mkdir()
    with served_collection(tmp_path / "registry") as collection:
        publish_features(collection)
        cases = [*copy_templates(tmp_path, collection), *copy_configurations(tmp_path, collection)]
        give_images(engine, tmp_path, cases)
        env = {"NODE_EXTRA_CA_CERTS": str(collection.authority)}
        reference = Reference(engine)
        score, refused = 0, 0
        others = []
        for case in cases:
            for included in ((), INCLUDED):
                where = ("--workspace-folder", str(case.folder), "--config", str(case.file), *included)
                theirs = reference("read-configuration", *where, env=env)
                ours = cove("devcontainer", "read-configuration", *where, env=env)
                said = answer(theirs.returncode, theirs.stdout)
                if said == answer(ours.code, ours.stdout):
                    score += 1
                    refused += isinstance(said, int)
                else:
                    others.append(f"{case.name} {' '.join(included)}".rstrip())
    sys.stderr.write(
        f"\n{score} of {score + len(others)} answers are the reference's, {refused} of them that it fails\n"
    )
    sys.stderr.writelines(f"differs: {name}: {REASONS.get(name, 'no reason')}\n" for name in others)
    assert len(cases) > 70
    assert [name for name in others if name not in REASONS] == []


def answer(code: int, stdout: str) -> Any:
    """Return what was said, without what is of one tool alone; of a failure the code alone."""
    if code:
        return code
    return json.loads(
        stdout, object_pairs_hook=lambda pairs: {key: value for key, value in pairs if key not in PLACES}
    )


def publish_features(collection: Collection) -> None:
    """Serve the public Features' manifests under their own names."""
    for path in sorted(public("features").glob("src/*/devcontainer-feature.json")):
        manifest = json.loads(path.read_text().replace(f"{REGISTRY}/", f"{collection.name}/"))
        version = manifest.pop("version")
        name = manifest.pop("id")
        collection.publish(f"devcontainers/features/{name}", version, **manifest)


def copy_templates(place: Path, collection: Collection) -> list[Case]:
    """Return a case for each public Template, its options at their defaults."""
    cases = []
    for path in sorted(public("templates").glob("src/*/devcontainer-template.json")):
        options = json.loads(path.read_text()).get("options", {})
        chosen = {f"${{templateOption:{key}}}": str(one["default"]) for key, one in options.items()}
        folder = place / "templates" / path.parent.name
        shutil.copytree(path.parent, folder)
        cases += find_cases(folder, {**chosen, f"{REGISTRY}/": f"{collection.name}/"})
    return cases


def copy_configurations(place: Path, collection: Collection) -> list[Case]:
    """Return the cases of the reference's own tests."""
    cases = []
    for source in sorted(public("cli").glob("src/test/configs/*/")):
        folder = place / "configs" / source.name
        shutil.copytree(source, folder, symlinks=True)
        cases += find_cases(folder, {f"{REGISTRY}/": f"{collection.name}/"})
    return cases


def find_cases(folder: Path, words: dict[str, str]) -> list[Case]:
    """Put these words in place of others in all files of a folder, and return its configurations."""
    cases = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix in {".json", ".yml", ".yaml"} or "Dockerfile" in path.name:
            text = path.read_text()
            for old, new in words.items():
                text = text.replace(old, new)
            path.write_text(text)
        if path.name in {"devcontainer.json", ".devcontainer.json"}:
            name = f"{folder.parent.name}/{path.relative_to(folder.parent)}"
            cases.append(Case(name, folder, path))
    return cases


def give_images(engine: Engine, place: Path, cases: list[Case]) -> None:
    """Let one small image have the name of each that these configurations start from."""
    label = json.dumps(json.dumps(LABEL)).replace("$", "\\$")
    build = place / "image"
    build.mkdir()
    (build / "Dockerfile").write_text(f"FROM scratch\nUSER vscode\nLABEL devcontainer.metadata={label}\n")
    engine.cli("build", "-q", "-t", "public-image", str(build))
    for name in sorted({name for case in cases for name in image_names(case.folder)}):
        engine.cli("tag", "public-image", name)


def image_names(folder: Path) -> set[str]:
    """Return the images that the files of a folder name, as far as plain text tells."""
    names = set()
    for path in folder.rglob("*"):
        if path.is_file() and (path.suffix in {".json", ".yml", ".yaml"} or "Dockerfile" in path.name):
            text = path.read_text()
            arguments = dict(ARGUMENT.findall(text))
            for key, value in arguments.items():
                text = text.replace(f"${{{key}}}", value).replace(f"${key}", value)
            names.update(IMAGE.findall(text))
    return {name for name in names if not {"$", "@"} & set(name) and name != "scratch" and name.islower()}
