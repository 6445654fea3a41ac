"""The reference CLI, to compare with."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from testbed.image import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.engine import Engine


class Reference:
    """`@devcontainers/cli`, installed once into the tests' cache."""

    def __init__(self, engine: Engine | None = None) -> None:
        place = cache_folder() / "devcontainers-cli"
        self.entry = place / "node_modules" / "@devcontainers" / "cli" / "devcontainer.js"
        self.engine = engine
        if not self.entry.exists():
            place.mkdir(parents=True, exist_ok=True)
            words = ("npm", "install", "--no-audit", "--no-fund", "--silent", "@devcontainers/cli")
            subprocess.run(words, cwd=place, check=True)

    def __call__(
        self, *words: str, env: dict[str, str] | None = None, cwd: Path | str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its commands on the test's engine."""
        engine = self.engine
        path = ("--docker-path", engine.name) if engine and engine.name != "docker" else ()
        command, *rest = words
        return subprocess.run(
            ("node", str(self.entry), command, *path, *rest),
            env={**os.environ, **(engine.env if engine else {}), **(env or {})},
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
