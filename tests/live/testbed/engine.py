"""Engines of a test session, as values."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGINE_VARIABLES = (
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_BUILDKIT",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "CONTAINER_HOST",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "CONTAINERS_REGISTRIES_CONF",
)
"""What leads to an engine: none of the developer's own values reach a test."""


class Engine(NamedTuple):
    """One private engine. `env` is all that a program needs to use it and no other."""

    id: str
    """`docker`, `docker-legacy` or `podman`: how the tests are called."""
    name: str
    """`docker` or `podman`."""
    env: Mapping[str, str]

    def cli(
        self,
        *words: str,
        stdin: bytes | None = None,
        check: bool = True,
        timeout: float = 300,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the engine's own command line; with `check`, a failure raises with what it said."""
        done = subprocess.run(
            [self.name, *words],
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=timeout,
            env=environment({**self.env, **(env or {})}),
        )
        result = subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(done.args)}: {done.returncode}\n{result.stdout}{result.stderr}")
        return result

    def has_image(self, reference: str) -> bool:
        """Whether a local image has this name."""
        return self.cli("image", "inspect", reference, check=False).returncode == 0


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with everything that leads to an engine replaced by `env`."""
    kept = {name: value for name, value in os.environ.items() if name not in ENGINE_VARIABLES}
    return {**kept, **env}
