"""The stand-in and the reference CLI side by side: each case of behaviours.yaml comes to the same container."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from testbed.reference import Reference
from testbed.workspace import write_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.command import Cove
    from testbed.engine import Engine

    Tool = Callable[..., tuple[int, str, str]]

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "behaviours.yaml").read_text())
FACTS = r"""
id; pwd; cat /tmp/log 2>/dev/null
env -0 | sort -z | tr '\n\0' '~\n' | grep -v -E '^(_|SHLVL|HOSTNAME|PWD|OLDPWD|container)=|=/run/cove-ca/'
"""
"""What is compared in every container: some variables the shell sets by itself, some the engine, and cove those that
lead to the host's certificate authorities."""


def engine_of(name: str) -> Any:
    """Each engine has a part of its own."""
    return pytest.param(
        name, marks=pytest.mark.full("behaviours" if name == "docker" else f"behaviours-{name}")
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"].replace(" ", "-") for case in CASES])
@pytest.mark.parametrize("engine", [engine_of("docker"), engine_of("podman")], indirect=True, scope="session")
def test_both_come_to_the_same(
    cove: Cove, engine: Engine, base_image: str, tmp_path: Path, case: dict[str, Any]
) -> None:
    reference = Reference(engine, tmp_path)
    program = ("--docker-path", engine.name)
    env = {"CASE": "value"}

    def ours(command: str, *words: str) -> tuple[int, str, str]:
        done = cove("devcontainer", command, *program, *words, env=env)
        return done.code, done.stdout, done.stderr

    def theirs(command: str, *words: str) -> tuple[int, str, str]:
        done = reference(command, *words, env=env)
        return done.returncode, done.stdout, done.stderr

    engine.cli("tag", base_image, "localhost/base" if engine.name == "podman" else "base")
    if image := case.get("image"):
        build_image(engine, tmp_path / "image", image, case.get("metadata"))
    expected = observe(theirs, engine, tmp_path / "p", case)
    found = observe(ours, engine, tmp_path / "p", case)
    if "differs" in case:
        assert found != expected, "no difference any more: take the reason out of the case"
        return
    for key in expected:
        assert found.get(key) == expected[key], key


def build_image(engine: Engine, folder: Path, text: str, metadata: Any) -> None:
    """Build `case-image`."""
    quoted = json.dumps(json.dumps(metadata)).replace("$", "\\$")
    label = f"LABEL devcontainer.metadata={quoted}\n" if metadata else ""
    write_files(folder, {"Dockerfile": f"FROM base\n{text}\n{label}"})
    engine.cli("build", "-q", "-t", "case-image", str(folder))


def observe(tool: Tool, engine: Engine, place: Path, case: dict[str, Any]) -> dict[str, Any]:
    """Run the case's steps with one of the tools in a new folder, and return all that shows."""
    folder = write_repository(place, case)
    where = ("--workspace-folder", str(folder))

    def options(key: str) -> list[str]:
        words = case.get(key, ())
        return [
            word.replace("{folder}", str(folder)).replace("{beside}", str(place / "beside")) for word in words
        ]

    seen: dict[str, Any] = {}
    container = ""
    try:
        for number, step in enumerate(case.get("steps", ("up", "exec"))):
            key = f"{number} {step}"
            if step in {"up", "fail"}:
                code, out, log = tool("up", *where, *options("up"))
                answer = json.loads(out.strip().splitlines()[-1]) if out.strip() else {}
                container = answer.get("containerId") or container
                kept = ("outcome", "remoteUser", "remoteWorkspaceFolder")
                seen[key] = {"code": code, **{name: answer.get(name) for name in kept}}
                wanted = "error" if step == "fail" else "success"
                assert answer.get("outcome", "error") == wanted, f"{out}\n{log}"
            elif step == "exec":
                script = f"{FACTS}\n{case.get('probe', '')}"
                code, out, log = tool("exec", *where, *options("exec"), "sh", "-c", script)
                seen[key] = {"code": code, "lines": out.splitlines(), "log": log if code else ""}
            elif step == "hooks":
                code, out, _ = tool("run-user-commands", *where, *options("exec"))
                seen[key] = {"code": code, "result": json.loads(out).get("result")}
            elif step == "stop":
                engine.cli("stop", "--time", "0", container)
        if container:
            seen["container"] = describe(engine, container)
        if script := case.get("after"):
            seen["after"] = subprocess.check_output(("sh", "-c", script), cwd=folder, text=True)
    finally:
        clear(engine, place)
    return seen


def write_repository(place: Path, case: dict[str, Any]) -> Path:
    """Write the case's files and return the workspace's folder."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "beside").mkdir(parents=True)
    folder = place / "project" / case["sub"] if "sub" in case else place / "project"
    files = dict(case.get("files", {}))
    if "config" in case:
        files[".devcontainer/devcontainer.json"] = case["config"]
    write_files(folder, {"README.md": "", **files})
    if script := case.get("before"):
        subprocess.run(("sh", "-c", script), cwd=folder, check=True)
    return folder


def describe(engine: Engine, container: str) -> dict[str, Any]:
    """Return of `inspect` what the two tools must agree about."""
    (full,) = json.loads(engine.cli("container", "inspect", container).stdout)
    config, host = full["Config"], full["HostConfig"]
    labels = {key: value for key, value in config["Labels"].items() if not key.startswith(("cove.", "io."))}
    mounts = [
        (
            mount["Type"],
            mount.get("Name") if mount["Type"] == "volume" else mount.get("Source"),
            mount["Destination"],
            mount["RW"],
        )
        for mount in full["Mounts"]
        if not mount["Destination"].startswith("/run/cove-ca/")
    ]
    return {
        "user": config["User"] or "root",
        "labels": {**labels, "devcontainer.metadata": json.loads(labels.get("devcontainer.metadata", "[]"))},
        "mounts": sorted(mounts, key=lambda mount: mount[2]),
        "init": bool(host.get("Init")),
        "privileged": host["Privileged"],
        "capabilities": sorted(host.get("CapAdd") or ()),
        # The reference says `label=disable` to podman always, cove where there is SELinux.
        "security": sorted(set(host.get("SecurityOpt") or ()) - {"label=disable"}),
        "ports": host["PortBindings"] or {},
        "hosts": host.get("ExtraHosts") or [],
        "running": full["State"]["Running"],
    }


def clear(engine: Engine, place: Path) -> None:
    """Remove the containers and volumes of a run."""
    ids = engine.cli("ps", "--all", "--quiet", "--no-trunc").stdout.split()
    for one in ids:
        text = engine.cli("container", "inspect", one, check=False).stdout
        if str(place) in text or "kind" in text:
            engine.cli("rm", "--force", "--volumes", one, check=False)
    names = engine.cli("volume", "ls", "--quiet").stdout.split()
    if doomed := [name for name in names if name.startswith(("case-", "v-"))]:
        engine.cli("volume", "rm", "--force", *doomed, check=False)
