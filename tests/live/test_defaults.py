"""What a container gets unasked, seen from inside: shared memory, limits, an init, and caches that outlive it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from testbed.workspace import BASE, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

LOOK = """
df -B1 --output=size /dev/shm | tail -1
ulimit -Hs; ulimit -Hl
cat /proc/1/comm
[ -d "$PIP_CACHE_DIR" ] && stat -c '%u %a' "$PIP_CACHE_DIR"
"""
"""Shared memory in bytes, limits in KiB, who is first, whose cache it is."""
OWNER = 3141
"""Nobody of this machine."""


def test_defaults_and_their_switches(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "net", {"Dockerfile": f"FROM {BASE}\n"})
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, OWNER, OWNER)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    ran = cove("run", str(folder), "--", "sh", "-c", f'{LOOK}echo kept > "$PIP_CACHE_DIR/kept"').check()
    shm, stack, locked, first, cache = ran.stdout.splitlines()
    assert 0.9 * min(memory // 2, 16 * 2**30) < int(shm) <= 16 * 2**30
    assert stack == str(64 * 1024)
    assert locked == "unlimited" or int(locked) >= 64  # as much as this machine lets go
    assert first in {"docker-init", "podman-init"}
    assert cache == f"{OWNER} 700"

    again = cove("run", str(folder), "--", "sh", "-c", 'cat "$PIP_CACHE_DIR/kept"').check()
    assert again.stdout == "kept\n"

    said = {"shmSize": "100mb", "limits": False, "init": False, "isolated": True}
    write_files(
        folder,
        {
            ".devcontainer.json": {
                "build": {"dockerfile": "Dockerfile"},
                "containerEnv": {"TORCH_HOME": "/mine"},
                "customizations": {"cove": said},
            }
        },
    )
    words = f'{LOOK}ls "$PIP_CACHE_DIR"; echo "$TORCH_HOME"'
    shm, _, _, first, cache, *kept, torch = (
        cove("run", str(folder), "--", "sh", "-c", words).check().stdout.splitlines()
    )
    assert (shm, kept, torch) == (str(100 * 2**20), [], "/mine")
    assert first == "sh"
    assert cache == "0 700"

    volume = f"cove-cache-{OWNER}-pip"
    mount = f"type=volume,source={volume},target=/x"
    engine.cli("create", "--name", "holder", "--mount", mount, BASE, "true")
    told = cove("cache", "prune", "--kind", "pip", "--force", "--json").check().json
    (kept,) = [cache for cache in told["kept"] if cache["volume"] == volume]
    assert (kept["kind"], kept["used_by"], kept["engine"]) == ("pip", ["holder"], engine.name)
    assert kept["size"] > 0
    engine.cli("rm", "holder")
    assert cove("cache", "prune", "--kind", "pip").code == 10
    told = cove("cache", "prune", "--kind", "pip", "--force", "--json").check().json
    assert volume in [cache["volume"] for cache in told["removed"]]
    assert cove("cache", "--kind", "pip", "--json").check().json["caches"] == []
