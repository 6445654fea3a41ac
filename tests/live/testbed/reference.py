"""`@devcontainers/cli`, the reference, installed once into the tests' cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from testbed.image import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.engine import Engine

PODMAN = """\
#!/bin/sh
# As root podman asks for limits above this host's, refuses the user namespace that the reference wants for everyone who
# is not root, and its default runtime refuses hybrid control groups: the reference adapts to none of these.
for word; do
  shift
  [ "$word" = --userns=keep-id ] || set -- "$@" "$word"
done
case "$1" in
run | create) command=$1; shift; set -- "$command" --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$@" ;;
esac
exec {podman} --runtime runc "$@"
"""


class Reference:
    """The reference CLI on one engine."""

    def __init__(self, engine: Engine | None = None, folder: Path | None = None) -> None:
        """`folder`: where podman's stand-in is written, by which the reference starts containers on this host too."""
        place = cache_folder() / "devcontainers-cli"
        self.entry = place / "node_modules" / "@devcontainers" / "cli" / "devcontainer.js"
        self.engine = engine
        self.program = engine.name if engine and engine.name != "docker" else ""
        if folder and self.program == "podman":
            stand_in = folder / "podman"
            stand_in.write_text(PODMAN.format(podman=shutil.which("podman")))
            stand_in.chmod(0o755)
            self.program = str(stand_in)
        if not self.entry.exists():
            place.mkdir(parents=True, exist_ok=True)
            words = ("npm", "install", "--no-audit", "--no-fund", "--silent", "@devcontainers/cli")
            subprocess.run(words, cwd=place, check=True)

    def __call__(
        self, *words: str, env: dict[str, str] | None = None, cwd: Path | str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its commands on the test's engine."""
        path = ("--docker-path", self.program) if self.program else ()
        command, *rest = words
        return subprocess.run(
            ("node", str(self.entry), command, *path, *rest),
            env={**os.environ, **(self.engine.env if self.engine else {}), **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
