"""An image registry on loopback."""

from __future__ import annotations

import contextlib
import shutil
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from testbed.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {place}/data}}
  delete: {{enabled: true}}
http: {{addr: "{address}"}}
"""


def free_port() -> int:
    """Return a port of loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def local_registry(place: Path, address: str) -> Iterator[None]:
    """Run Debian's docker-registry at `address` until the block ends. docker and podman take plain HTTP from it."""
    program = shutil.which("docker-registry") or shutil.which("registry")
    if program is None:
        raise RuntimeError("docker-registry is missing: the live tests need it (./test installs it)")
    place.mkdir(mode=0o755)
    (place / "config.yml").write_text(CONFIG.format(place=place, address=address))
    with running(
        [program, "serve", str(place / "config.yml")], log=place / "log", ready=lambda: answers(address)
    ):
        yield


def answers(address: str) -> bool:
    """Whether a registry answers."""
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
