"""What each bench has for itself: cove with folders of its own, the reference CLI, and a small workspace."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / ".cache" / "bench" / "devcontainers-cli"
COVE = [str(Path(sys.executable).with_name("cove"))]
ENGINE_OWN = {"docker": ["docker"], "podman": ["podman", "--runtime", "runc"]}
ENGINE_RUN = {"docker": [], "podman": ["--ulimit", "host"]}


@contextlib.contextmanager
def own_folders(engine: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a folder and the environment by which cove keeps everything below it; at the end both are gone."""
    home = Path(tempfile.mkdtemp(prefix="cvb", dir="/tmp"))
    env = {
        **os.environ,
        "COVE_HOME": str(home / "h"),
        "COVE_RUN_DIR": str(home / "r"),
        "COVE_ENGINE": engine,
    }
    cache = bundle_cache()
    (home / "h" / "cache").mkdir(parents=True)
    cache.mkdir(parents=True, exist_ok=True)
    (home / "h" / "cache" / "ide").symlink_to(cache)  # fetching the editor is not what is measured
    (cache.parent / "ssh").mkdir(exist_ok=True)
    (home / "h" / "cache" / "ssh").symlink_to(cache.parent / "ssh")  # neither is building the SSH server
    try:
        yield home, env
    finally:
        subprocess.run([*COVE, "rm", "tiny", "-q"], env=env, check=False, stderr=subprocess.DEVNULL)
        subprocess.run([*COVE, "gateway", "stop"], env=env, check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(home, ignore_errors=True)


def bundle_cache() -> Path:
    """Return where the editor's bundles lie."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cove" / "ide"


def write_workspace(home: Path, configuration: dict[str, Any]) -> Path:
    """Write the workspace `tiny` and return its folder."""
    folder = home / "tiny"
    (folder / ".devcontainer").mkdir(parents=True)
    (folder / ".devcontainer" / "devcontainer.json").write_text(json.dumps(configuration))
    return folder


def up(env: dict[str, str], folder: Path) -> dict[str, Any]:
    """Bring the workspace up and return what it says."""
    done = subprocess.run([*COVE, "up", str(folder), "--json"], env=env, check=True, stdout=subprocess.PIPE)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def install_peer() -> list[str]:
    """Install the reference CLI once and return its argv."""
    entry = PEER / "node_modules" / "@devcontainers" / "cli" / "devcontainer.js"
    if not entry.exists():
        PEER.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "@devcontainers/cli"], cwd=PEER, check=True
        )
    return ["node", str(entry)]
