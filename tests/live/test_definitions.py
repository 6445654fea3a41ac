"""What a devcontainer.json may say, said to real engines: sources, mounts, variables, lifecycle, the editor's part."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from testbed.workspace import BASE, Workspace, make_vsix, write_files

from cove.ide.base import DATA_AT

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

no_legacy = pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True)
"""For tests in which nothing depends on how an image is built."""

DEAD_GALLERY = "http://127.0.0.1:9/gallery"
"""Nobody listens on the discard port."""


# -- an image of the project's own, and what the file adds to it


def test_build(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    """Dockerfile and context in other folders, a target with arguments, further options, an ignore file, two users."""
    dockerfile = f"""\
ARG BASE={BASE}
FROM scratch AS unused
COPY secret.txt /
FROM $BASE AS dev
ARG WHO=nobody
ARG PLAIN
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN useradd --create-home --uid 4321 --shell /bin/bash worker && echo "$WHO:$PLAIN" > /etc/made-for
COPY . /ctx/
USER worker
ENV HOME=/home/worker
FROM dev AS later
RUN false
"""
    config = """\
// A file as people write it.
{
  "name": "built", /* comments of both kinds */
  "build": {
    "dockerfile": "../docker/Dockerfile.dev",
    "context": "../ctx",
    "target": "dev",
    "args": {"WHO": "${localWorkspaceFolderBasename}", "PLAIN": "a \\"b\\" $c",},
    "options": ["--label", "cove-test.option=seven"],
  },
  "remoteUser": "worker",
  "containerUser": "root",
  "containerEnv": {"URL": "http://a/?b=c,d"},
}
"""
    folder = write_files(
        tmp_path / "Über Netz",
        {
            ".devcontainer/devcontainer.json": config,
            "docker/Dockerfile.dev": dockerfile.replace("COPY secret.txt /\n", ""),
            "ctx/kept.txt": "kept",
            "ctx/secret.txt": "secret",
            "ctx/.dockerignore": "secret.txt\n",
        },
    )
    workspace = Workspace(cove, folder)
    opened = workspace.up("--trust")
    assert (opened["remoteUser"], opened["name"]) == ("worker", "uber-netz")
    assert opened["remoteWorkspaceFolder"] == "/workspaces/Über Netz"
    said = workspace.sh(
        "cat /etc/made-for; ls -A /ctx; id -un; cat /proc/1/status | grep ^Uid; echo $URL $HOME"
    )
    assert said.split("\n") == [
        'Über Netz:a "b" $c',
        ".dockerignore",
        "kept.txt",
        "worker",
        "Uid:\t0\t0\t0\t0",
        "http://a/?b=c,d /home/worker",
    ]
    described = json.loads(engine.cli("inspect", opened["containerId"]).stdout)[0]
    assert described["Config"]["Labels"]["cove-test.option"] == "seven"


# -- everything that a container may be given

FEATURE = [
    {"id": "a-feature", "containerEnv": {"BOTH": "feature"}, "entrypoint": "echo feature >> /tmp/entries"}
]
FROM_A_FEATURE = f"""\
FROM {BASE}
LABEL devcontainer.metadata='{json.dumps(FEATURE)}'
ENTRYPOINT ["/bin/sh", "-c", "echo own >> /tmp/entries; exec \\"$@\\"", "own"]
CMD ["sleep", "600"]
"""
"""An image as a build with Features leaves it. Nothing is run in it, so the engine builds it without cove's help."""

LABELLED = {
    "build": {"dockerfile": "Dockerfile"},
    "remoteUser": "mule",
    "containerEnv": {"FROM_IMAGE": "image", "BOTH": "image"},
    "remoteEnv": {"REMOTE_FROM_IMAGE": "yes"},
    "mounts": ["type=tmpfs,target=/from-image"],
    "postCreateCommand": "echo image >> /tmp/hooks",
    "customizations": {"vscode": {"settings": {"editor.rulers": [88], "editor.tabSize": 3}}},
}
LABELLED_DOCKERFILE = """\
FROM localhost/cove-test/feature:1
RUN useradd --create-home --uid 4321 --shell /bin/bash mule
"""


@pytest.fixture
def labelled(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> str:
    """An image that `cove build` made for others, on a base that carries metadata, an entrypoint and a command."""
    feature = write_files(tmp_path / "feature", {"Dockerfile": FROM_A_FEATURE})
    engine.cli("build", "--tag", "localhost/cove-test/feature:1", str(feature))
    image = write_files(
        tmp_path / "image", {"Dockerfile": LABELLED_DOCKERFILE, ".devcontainer.json": LABELLED}
    )
    name = "localhost/cove-test/labelled:1"
    cove("build", str(image), "--tag", name, "--trust").check()
    return name


EVERYTHING = """\
{
  "image": "localhost/cove-test/labelled:1",
  "initializeCommand": ["sh", "-c", "pwd > initialized"],
  "runArgs": ["--hostname=definitions", "--env", "FROM_RUN_ARGS=run args"],
  "mounts": [
    "source=${localWorkspaceFolder}/data,target=/data,type=bind,readonly",
    {"type": "volume", "source": "cove-test-${devcontainerId}", "target": "/vol"},
    "type=tmpfs,target=/scratch,tmpfs-mode=1777",
  ],
  "workspaceMount": "source=${localWorkspaceFolder},target=/code/${localWorkspaceFolderBasename},type=bind",
  "workspaceFolder": "/code/${localWorkspaceFolderBasename}/src",
  "containerEnv": {
    "LOCAL": "${localEnv:COVE_TEST_LOCAL}",
    "DEFAULT": "${localEnv:COVE_TEST_NONE:fallback}",
    "BOTH": "file",
    "ID": "${devcontainerId}",
    "NAME": "${localWorkspaceFolderBasename}",
  },
  "remoteEnv": {
    "PATH": "${containerEnv:PATH}:/opt/more",
    "WHERE": "${containerWorkspaceFolder}",
    "TWICE": "${containerEnv:BOTH}-${containerEnv:NOT_THERE:none}",
    "FROM_RUN_ARGS": null,
  },
  "postCreateCommand": "echo file $WHERE >> /tmp/hooks",
  "init": true,
  "capAdd": ["SYS_PTRACE"],
  "securityOpt": ["seccomp=unconfined"],
  "customizations": {
    "vscode": {
      "settings": {"editor.tabSize": 7, "python.defaultInterpreterPath": "/usr/bin/python3"},
      "extensions": ["tools/quiet.vsix", "nobody.unknown"],
    },
    "somebody-else": {"anything": [1, 2]},
  },
}
"""


@no_legacy
def test_everything_at_once(cove: Cove, engine: Engine, labelled: str, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "My Net",
        {".devcontainer/devcontainer.json": EVERYTHING, "src/a.py": "", "data/set.csv": "1\n"},
    )
    make_vsix(folder / "tools" / "quiet.vsix", "quiet")
    workspace = Workspace(cove, folder)
    opened = workspace.up("--trust", env={"COVE_TEST_LOCAL": "from here", "COVE_GALLERY": DEAD_GALLERY})
    check_container(workspace, engine)
    check_editor(workspace)
    assert (folder / "initialized").read_text() == f"{folder}\n"
    assert opened["remoteWorkspaceFolder"] == "/code/My Net/src"

    # The same image, its own command not overridden, in a subfolder of a git repository.
    inner = write_files(
        tmp_path / "repo" / "nets" / "one",
        {".devcontainer.json": {"image": labelled, "overrideCommand": False}},
    )
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "repo")], check=True)
    own = Workspace(cove, inner)
    assert own.up("--trust")["remoteWorkspaceFolder"] == "/workspaces/repo/nets/one"
    assert own.sh("cat /tmp/entries; tr '\\0' ' ' < /proc/1/cmdline; echo; id -un").split("\n") == [
        "feature",
        "own",
        "sleep 600 ",
        "mule",
    ]
    assert own.sh("git -c safe.directory='*' status --short --untracked-files=all") == "?? .devcontainer.json"
    assert own.sh("git -c safe.directory='*' rev-parse --show-prefix") == "nets/one/"


def check_container(workspace: Workspace, engine: Engine) -> None:
    """Compare what a process inside sees with what the file and the image's label say."""
    script = """\
import json, os, socket
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
mounts = {line.split()[4]: line.split() for line in open("/proc/self/mountinfo")}
print(json.dumps({
    "env": dict(os.environ), "cwd": os.getcwd(), "host": socket.gethostname(), "uid": os.getuid(),
    "ptrace": bool(int(status["CapBnd"], 16) >> 19 & 1), "seccomp": int(status["Seccomp"]),
    "mounts": {at: [words[5], words[words.index("-") + 1]] for at, words in mounts.items()},
    "init": open("/proc/1/cmdline").read().split("\\0")[0].rpartition("/")[2],
    "entries": open("/tmp/entries").read(), "hooks": open("/tmp/hooks").read(), "data": os.listdir("/data"),
}))
"""
    seen = json.loads(workspace.exec("python3", "-c", script).check().stdout)
    env = seen["env"]
    expected = {
        "LOCAL": "from here",
        "DEFAULT": "fallback",
        "BOTH": "file",
        "NAME": "My Net",
        "FROM_IMAGE": "image",
        "REMOTE_FROM_IMAGE": "yes",
        "WHERE": "/code/My Net/src",
        "TWICE": "file-none",
    }
    assert {name: env.get(name) for name in expected} == expected
    assert env["PATH"].endswith(":/opt/more")
    assert "/usr/bin" in env["PATH"].split(":")
    assert len(env["ID"]) == 52, "the specification's base-32 form of a SHA-256"
    assert (seen["cwd"], seen["host"], seen["uid"]) == ("/code/My Net/src", "definitions", 4321)
    assert (seen["ptrace"], seen["seccomp"]) == (True, 0)
    assert {at: seen["mounts"][at][1] for at in ("/scratch", "/from-image")} == {
        "/scratch": "tmpfs",
        "/from-image": "tmpfs",
    }
    assert "ro" in seen["mounts"]["/data"][0].split(",")
    assert "/vol" in seen["mounts"]
    assert seen["data"] == ["set.csv"]
    assert seen["init"] in {"docker-init", "init", "catatonit", "podman-init", "tini-static"}
    assert seen["entries"] == "feature\n", "the image's own entrypoint is overridden, a Feature's is run"
    assert seen["hooks"] == "image\nfile /code/My Net/src\n"
    volumes = engine.cli("volume", "ls", "--quiet").stdout.split()
    assert f"cove-test-{env['ID']}" in volumes


def check_editor(workspace: Workspace) -> None:
    """Look at the editor's data inside: the configuration's settings, the extension; and at the warning."""
    settings = json.loads(workspace.sh(f"cat {DATA_AT}/user/Machine/settings.json"))
    assert settings["editor.tabSize"] == 7
    assert settings["editor.rulers"] == [88]
    assert settings["python.defaultInterpreterPath"] == "/usr/bin/python3"
    extensions = json.loads(workspace.sh(f"cat {DATA_AT}/extensions/extensions.json"))
    assert [(one["identifier"]["id"], one["version"]) for one in extensions] == [("cove-test.quiet", "1.2.3")]
    told = [warning for warning in workspace.opened["warnings"] if "nobody.unknown" in warning]
    assert len(told) == 1
    assert "127.0.0.1" in told[0], "the reason"


# -- lifecycle commands

LIFECYCLE = {
    "image": BASE,
    "initializeCommand": "echo host >> host.log",
    "onCreateCommand": "echo create >> hooks.log; echo said by create",
    "updateContentCommand": ["sh", "-c", "echo update $0 >> hooks.log", "one word"],
    "postCreateCommand": {
        "first": "echo post-a >> hooks.log",
        "second": ["sh", "-c", "test -e ready || exit 7"],
    },
    "postStartCommand": "echo start $PWD >> hooks.log",
    "postAttachCommand": {"only": "echo attach >> hooks.log"},
    "waitFor": "postCreateCommand",
}


@pytest.mark.parametrize(
    "engine", ["docker", pytest.param("podman", marks=pytest.mark.full("definitions"))], indirect=True
)
def test_lifecycle(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    """Each in its form and in order; once a container, once a start; one that failed is run again."""
    folder = write_files(tmp_path / "life", {".devcontainer.json": LIFECYCLE})
    log = folder / "hooks.log"
    failed = cove("up", str(folder), "--trust").check(6)
    assert "postCreateCommand `second` failed with exit code 7" in failed.stderr
    assert "said by create" in failed.stderr
    assert log.read_text() == "create\nupdate one word\npost-a\n"

    log.unlink()
    (folder / "ready").touch()
    workspace = Workspace(cove, folder)
    first = workspace.up()["containerId"]
    assert log.read_text() == "post-a\nstart /workspaces/life\nattach\n", "what had run is not run again"
    assert (folder / "host.log").read_text() == "host\n"

    log.unlink()
    cove("stop", "life").check()
    assert workspace.up()["containerId"] == first
    assert log.read_text() == "start /workspaces/life\nattach\n"
    assert (folder / "host.log").read_text() == "host\nhost\n", "on this machine, before each start"

    log.unlink()
    assert workspace.up("--rebuild")["containerId"] != first
    assert log.read_text() == "create\nupdate one word\npost-a\nstart /workspaces/life\nattach\n"
