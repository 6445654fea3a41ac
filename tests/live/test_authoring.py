"""What authors of Features and Templates do, beside the reference CLI: equal words, equal files, equal answers."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from testbed.command import Cove
from testbed.memory_registry import memory_registry
from testbed.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testbed.command import Home

pytestmark = pytest.mark.full("authoring")


class Answer(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.stderr
        return json.loads(self.stdout)


class Tools(NamedTuple):
    """Both, and a registry that takes what they push."""

    cove: Cove
    reference: Reference
    registry: str

    def ours(self, *words: str, cwd: Path | str | None = None, **env: str) -> Answer:
        done = self.cove("devcontainer", *words, cwd=cwd, env=env)
        return Answer(done.code, done.stdout, done.stderr)

    def theirs(self, *words: str, cwd: Path | str | None = None, **env: str) -> Answer:
        done = self.reference(*words, cwd=cwd, env=env)
        return Answer(done.returncode, done.stdout, done.stderr)

    @property
    def both(self) -> dict[str, Callable[..., Answer]]:
        return {"ours": self.ours, "theirs": self.theirs}


@pytest.fixture
def tools(new_home: Callable[[], AbstractContextManager[Home]], registry: str) -> Iterator[Tools]:
    with new_home() as home:
        yield Tools(Cove(home, {}), Reference(), registry.replace("127.0.0.1", "localhost"))


FEATURES: dict[str, dict[str, Any]] = {
    "plain": {},
    "full": {
        "description": 'All there is: ünïcode, "quotes", back\\slash and a | bar',
        "documentationURL": "https://example.org/full",
        "options": {
            "version": {
                "type": "string",
                "proposals": ["latest", "1.0"],
                "default": "latest",
                "description": "Which.",
            },
            "empty": {"type": "string", "default": ""},
            "flag": {"type": "boolean", "default": False},
            "on": {"type": "boolean", "default": True, "description": ""},
            "bare": {"type": "string"},
        },
        "customizations": {"vscode": {"extensions": ["a.b", "c.d"], "settings": {"x": 1.5, "y": None}}},
        "containerEnv": {"A": "${PATH}"},
        "mounts": [{"source": "s", "target": "/t", "type": "volume"}],
    },
    "renamed": {"legacyIds": ["old-name", "older"], "deprecated": True},
    "stated": {"legacyIds": ["before"], "currentId": "wrong"},
    "no-version-of-old": {"legacyIds": []},
}
TEMPLATES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "image": (
        {
            "options": {
                "tag": {"type": "string", "default": "12", "proposals": ["12"]},
                "on": {"type": "boolean", "default": True},
            }
        },
        {".devcontainer.json": '{\n\t"image": "debian:${templateOption:tag}", // base\n\t"x": "${templateOption: on }"\n}\n'},
    ),
    "dockerfile": (
        {"optionalPaths": [".github/*", "many/*", "single.txt"], "keywords": ["a"]},
        {
            ".devcontainer/devcontainer.json": """{"build": {"dockerfile": "Dockerfile"},
                "features": {"ghcr.io/A/b/c:1": {}, "./x": {}}}""",
            ".devcontainer/Dockerfile": "FROM debian:${templateOption:none}\n",
            ".github/workflows/ci.yml": "${templateOption:tag}",
            "many/a": "", "many/b": "", "single.txt": "1", "README.md": "r", "sub/README.md": "kept", "NOTES.md": "n",
        },
    ),
    "compose": ({}, {".devcontainer/devcontainer.json": '{"dockerComposeFile": "c.yml"}', ".devcontainer/c.yml": "a: b\n"}),
}  # fmt: skip


def write_features(folder: Path, version: str = "1.2.3") -> str:
    for name, more in FEATURES.items():
        (folder / name).mkdir(parents=True)
        document = {"id": name, "version": version, "name": f"The {name}", **more}
        (folder / name / "devcontainer-feature.json").write_text(json.dumps(document, ensure_ascii=False))
        (folder / name / "install.sh").write_text("#!/bin/sh\n")
        (folder / name / "install.sh").chmod(0o755)
    (folder / "full" / "NOTES.md").write_text("## More\n\nNotes.\n")
    (folder / "full" / "lib").mkdir()
    (folder / "full" / "lib" / "x.sh").write_text("x")
    (folder / "not-one").mkdir()
    (folder / ".hidden").mkdir()
    return str(folder)


def write_templates(folder: Path) -> str:
    for name, (more, files) in TEMPLATES.items():
        document = {"id": name, "version": "1.0.0", "name": name, **more}
        for path, text in {**files, "devcontainer-template.json": json.dumps(document)}.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text)
    return str(folder)


def read_tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def read_packed(folder: Path) -> dict[str, object]:
    """Return what lies in a folder of archives; the lists of files in a Template's manifest have no order."""
    found: dict[str, object] = {}
    for path in folder.iterdir():
        if path.suffix != ".tgz":
            found[path.name] = sort_files(json.loads(path.read_text()))
            continue
        with tarfile.open(path) as archive:
            for info in archive:
                name = f"{path.name}: {info.name.removeprefix('./')}"
                file = archive.extractfile(info)
                text = file.read().decode() if file else ""
                found[name] = sort_files(json.loads(text)) if "devcontainer-" in info.name else text
    return found


def sort_files(document: Any) -> Any:
    for entry in (document, *document.get("templates", ())):
        if "files" in entry:
            entry["files"].sort()
    return document


@pytest.mark.parametrize("target", ["", "/full", "/renamed"])
def test_package(tools: Tools, tmp_path: Path, target: str) -> None:
    source = write_features(tmp_path / "src") + target
    for name, run in tools.both.items():
        assert run("features", "package", source, "-o", str(tmp_path / name))[:2] == (0, "")
    assert read_packed(tmp_path / "ours") == read_packed(tmp_path / "theirs")
    texts = [(tmp_path / name / "devcontainer-collection.json").read_text() for name in tools.both]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("group", ["features", "templates"])
@pytest.mark.parametrize("github", [(), ("--github-owner", "ada", "--github-repo", "things")])
def test_documentation(tools: Tools, tmp_path: Path, group: str, github: tuple[str, ...]) -> None:
    more = ("-r", "ghcr.io", "-n", "ada/things") if group == "features" else ()
    for name, run in tools.both.items():
        (write_features if group == "features" else write_templates)(tmp_path / name / "src")
        assert run(group, "generate-docs", "-p", "./src", *more, *github, cwd=tmp_path / name)[:2] == (0, "")
    assert read_tree(tmp_path / "ours") == read_tree(tmp_path / "theirs")


def without_digests(result: dict[str, Any]) -> dict[str, Any]:
    return {name: {**entry, **({"digest": 1} if "digest" in entry else {})} for name, entry in result.items()}


def test_tags_of_release_after_release(tools: Tools, tmp_path: Path) -> None:
    for number, version in enumerate(
        ("1.0.0", "1.1.0", "1.0.1", "0.9.0", "1.0.1", "2.0.0-rc.1", "1.2.0", "2.0.0")
    ):
        source = write_features(tmp_path / str(number), version)
        said = [
            run("features", "publish", source, "-r", tools.registry, "-n", f"{name}/tags").json
            for name, run in tools.both.items()
        ]
        assert without_digests(said[0]) == without_digests(said[1]), version
    for feature in ("full", "older"):
        tags = []
        for name in tools.both:
            wanted = f"{tools.registry}/{name}/tags/{feature}"
            said = tools.ours("features", "info", "tags", wanted, "--output-format", "json").json
            tags.append(sorted(said["publishedTags"]))
        assert tags[0] == tags[1]


def blind(text: str, name: str) -> str:
    """Return a text without what differs from publication to publication: digests, sizes, hashes, names."""
    text = re.sub(r"sha256:[0-9a-f]{64}", "DIGEST", text.replace(f"/{name}/", "/WHO/"))
    return re.sub(r'\b[0-9a-f]{6}\[|"size": \d{3,}', "HASH", text)


def test_info(tools: Tools, tmp_path: Path) -> None:
    source = write_features(tmp_path / "src")
    for name, run in tools.both.items():
        assert run("features", "publish", source, "-r", tools.registry, "-n", f"{name}/info").code == 0
    for mode in ("manifest", "tags", "dependencies", "verbose"):
        for form in ("text", "json"):
            for feature in ("full", "renamed:1", "older"):
                said = {}
                for name in tools.both:
                    words = (
                        "features",
                        "info",
                        mode,
                        f"{tools.registry}/{name}/info/{feature}",
                        "--output-format",
                        form,
                    )
                    ours, theirs = tools.ours(*words), tools.theirs(*words)
                    assert (ours.code, hide_hashes(ours.stdout)) == (
                        theirs.code,
                        hide_hashes(theirs.stdout),
                    ), words
                    said[name] = blind(ours.stdout, name)
                assert said["ours"] == said["theirs"], (mode, form, feature)


def hide_hashes(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{6}\[", "HASH[", text)


APPLIED: list[tuple[str, tuple[str, ...]]] = [
    ("image", ()),
    ("image", ("-a", '{"tag": "13", "on": "maybe", "unknown": "1"}')),
    (
        "image",
        ("-f", '[{"id": "ghcr.io/a/b/c:1", "options": {"v": "1", "w": true}}, {"id": "ghcr.io/a/b/d"}]'),
    ),
    ("dockerfile", ()),
    ("dockerfile", ("--omit-paths", '[".github/*", "single.txt", "nothing"]', "-a", '{"none": "x"}')),
    ("dockerfile", ("--features", '[{"id": "./x", "options": {"v": "1"}}]')),
    ("compose", ("-f", '[{"id": "ghcr.io/a/b/c:1"}]')),
]


@pytest.mark.parametrize("publisher", ["ours", "theirs"])
def test_templates(tools: Tools, tmp_path: Path, publisher: str) -> None:
    source = write_templates(tmp_path / "src")
    place = f"{publisher}/templates"
    result = tools.both[publisher]("templates", "publish", source, "-r", tools.registry, "-n", place).json
    assert {name: entry["publishedTags"] for name, entry in result.items()} == {
        name: ["1", "1.0", "1.0.0", "latest"] for name in TEMPLATES
    }
    for name in TEMPLATES:
        words = ("templates", "metadata", f"{tools.registry}/{place}/{name}")
        assert tools.ours(*words)[:2] == tools.theirs(*words)[:2]
    for number, (template, more) in enumerate(APPLIED):
        said, trees = [], []
        for name, run in tools.both.items():
            folder = tmp_path / name / str(number)
            folder.mkdir(parents=True)
            words = ("templates", "apply", "-t", f"{tools.registry}/{place}/{template}:1", *more)
            said.append(run(*words, "-w", str(folder))[:2])
            trees.append({path: squeeze(text) for path, text in read_tree(folder).items()})
        assert said[0] == said[1], (template, more)
        assert trees[0] == trees[1], (template, more)


def squeeze(text: str) -> str:
    """Return a text without white space, in which additions to a devcontainer.json differ."""
    return re.sub(r"\s+", "", text)


GRAPHS: dict[str, dict[str, Any]] = {
    "one": {"features": {"./a": {}}},
    "options": {"features": {"./a": {"x": True, "y": "1"}, "./b": "latest", "./c": True}},
    "needs": {"features": {"./needs-b": {}, "./b": {}}},
    "waits": {"features": {"./waits-a": {}, "./a": {}}},
    "deep": {"features": {"./deep": {}, "./needs-b": {}, "./waits-a": {}}},
    "priority": {
        "features": {"./a": {}, "./b": {}, "./c": {}},
        "overrideFeatureInstallOrder": ["./c", "./b"],
    },
    "published": {"features": {"{registry}/full:1": {"flag": True}, "{registry}/older": {}, "./a": {}}},
    "digests": {"features": {"{registry}/full:1": {}, "{registry}/full:1.2": {}, "{registry}/plain": {}}},
    "circle": {"features": {"./circle-1": {}}},
    "none": {"features": {}},
    "nothing": {},
    "missing": {"features": {"./missing": {}}},
}
LOCAL: dict[str, dict[str, Any]] = {
    "a": {},
    "b": {},
    "c": {},
    "needs-b": {"dependsOn": {"./b": {"z": "1"}}},
    "waits-a": {"installsAfter": ["./a"]},
    "deep": {"dependsOn": {"./needs-b": {}, "./c": {"on": True}}, "installsAfter": ["./a", "./b"]},
    "circle-1": {"dependsOn": {"./circle-2": {}}},
    "circle-2": {"dependsOn": {"./circle-1": {}}},
}


def test_dependencies(tools: Tools, tmp_path: Path) -> None:
    source = write_features(tmp_path / "src")
    assert tools.ours("features", "publish", source, "-r", tools.registry, "-n", "ours/graphs").code == 0
    others = []
    for name, config in GRAPHS.items():
        folder = tmp_path / name / ".devcontainer"
        for feature, more in LOCAL.items():
            (folder / feature).mkdir(parents=True)
            document = {"id": feature, "version": "1.0.0", "name": feature, **more}
            (folder / feature / "devcontainer-feature.json").write_text(json.dumps(document))
            (folder / feature / "install.sh").touch()
        text = json.dumps(config).replace("{registry}", f"{tools.registry}/ours/graphs")
        (folder / "devcontainer.json").write_text(text)
        words = ("features", "resolve-dependencies", "--workspace-folder", str(tmp_path / name))
        ours, theirs = tools.ours(*words), tools.theirs(*words)
        if (ours.code, hide_hashes(ours.stdout)) != (theirs.code, hide_hashes(theirs.stdout)):
            others.append((name, ours, theirs))
        assert not (folder / "devcontainer-lock.json").exists()
    assert not others


REFUSED: list[tuple[Sequence[str], str]] = [
    (("features", "nonsense"), ""),
    (("features", "package"), ""),
    (("features", "package", "none"), ""),
    (("features", "package", "empty", "-o", "o1"), ""),
    (("features", "package", "src", "-o", "src"), ""),
    (("features", "package", "src", "extra"), ""),
    (("features", "package", "src", "--nonsense"), ""),
    (("features", "package", "bad/nameless", "-o", "o2"), ""),
    (("features", "package", "bad/scriptless", "-o", "o3"), ""),
    (("features", "publish", "src"), ""),
    (("features", "publish", "src", "-n", "a b", "-r", "{registry}"), ""),
    (("features", "publish", "bad/versioned", "-n", "a/b", "-r", "{registry}"), ""),
    (("features", "info", "nonsense", "ghcr.io/a/b/c"), ""),
    (("features", "info", "tags"), ""),
    (("features", "info", "tags", "{registry}/a/b/none"), "No manifest found!"),
    (("features", "info", "tags", "{registry}/a/b/none", "--output-format", "json"), "{}\n"),
    (("features", "generate-docs", "-p", "src"), ""),
    (("features", "generate-docs", "-p", "none", "-n", "a/b"), ""),
    (("features", "resolve-dependencies", "--workspace-folder", "none"), ""),
    (("features", "test", "--skip-scenarios", "--global-scenarios-only"), ""),
    (("templates", "metadata"), ""),
    (("templates", "metadata", "{registry}/a/b/none"), "{}\n"),
    (("templates", "metadata", "./x"), "{}\n"),
    (("templates", "apply"), ""),
    (("templates", "apply", "-t", "{registry}/a/b/none"), ""),
    (("templates", "apply", "-t", "{registry}/a/b/none", "-a", "[]"), ""),
    (("templates", "apply", "-t", "{registry}/a/b/none", "-a", '{"a": true}'), ""),
    (("templates", "apply", "-t", "{registry}/a/b/none", "-f", "{}"), ""),
    (("templates", "apply", "-t", "{registry}/a/b/none", "-f", '[{"options": {}}]'), ""),
    (("templates", "apply", "-t", "{registry}/a/b/none", "--omit-paths", "{}"), ""),
    (("templates", "publish", "src", "-n", "a/b", "-r", "{registry}"), ""),
]


def test_refusals(tools: Tools, tmp_path: Path) -> None:
    for name in tools.both:
        write_features(tmp_path / name / "src")
        (tmp_path / name / "empty").mkdir()
        for bad, text in {
            "nameless": '{"id": "a", "version": "1.0.0"}',
            "scriptless/a": '{"id": "a", "version": "1.0.0", "name": "a"}',
            "versioned": '{"id": "a", "version": "one", "name": "a"}',
        }.items():
            folder = tmp_path / name / "bad" / bad
            folder.mkdir(parents=True)
            (folder / "devcontainer-feature.json").write_text(text)
    others = []
    for words, out in REFUSED:
        filled = [word.replace("{registry}", tools.registry) for word in words]
        ours, theirs = (run(*filled, cwd=tmp_path / name) for name, run in tools.both.items())
        if (ours.code, ours.stdout) != (theirs.code, theirs.stdout) or not ours.stdout.startswith(out):
            others.append((words, ours, theirs))
        assert ours.code == 1, words
    assert not others


@pytest.mark.parametrize("wants", ["basic", "bearer"])
@pytest.mark.parametrize("way", ["file", "variable"])
def test_logins(tools: Tools, tmp_path: Path, wants: str, way: str) -> None:
    source = write_features(tmp_path / "src")
    with memory_registry() as registry:
        registry.wants = wants
        (tmp_path / "config.json").write_text(
            json.dumps({"auths": {registry.address: {"auth": "YWRhOnNlY3JldA=="}}})
        )
        env = (
            {"DOCKER_CONFIG": str(tmp_path)}
            if way == "file"
            else {"DEVCONTAINERS_OCI_AUTH": f"{registry.address}|ada|secret", "DOCKER_CONFIG": "/nowhere"}
        )
        for name, run in tools.both.items():
            place = ("-r", registry.address, "-n", f"{name}/login")
            said = run("features", "publish", source, *place, **env)
            assert said.json["full"]["publishedTags"] == ["1", "1.2", "1.2.3", "latest"]
            refused = run("features", "publish", source, *place, DOCKER_CONFIG="/nowhere")
            assert refused.code == 1


def test_a_template_of_ones_own_folder(tools: Tools, tmp_path: Path) -> None:
    """Only here: a Template is tried before it is published."""
    write_templates(tmp_path / "src")
    shutil.copytree(tmp_path / "src", tmp_path / "copy")
    words = ("templates", "apply", "-t", "../src/compose", "-w", ".")
    assert tools.ours(*words, cwd=tmp_path / "copy").json == {
        "files": ["./.devcontainer/c.yml", "./.devcontainer/devcontainer.json"]
    }
