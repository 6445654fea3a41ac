"""A real Jupyter server with jupyter-server-proxy and cove's extension in it."""

from __future__ import annotations

import contextlib
import secrets
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from testbed.process import running
from testbed.registry import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testbed.command import Cove


class Jupyter(NamedTuple):
    """Where it answers: `url` ends with the base URL's slash."""

    port: int
    base_url: str
    token: str
    log: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}{self.base_url}"

    def login(self, path: str = "lab") -> str:
        """Return a link that signs a browser in."""
        return f"{self.url}{path}?token={self.token}"


def jupyter_words(port: int, base_url: str, root: Path) -> list[str]:
    """Return the options of a server that asks nobody else and opens no browser."""
    return [
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.base_url={base_url}",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
        "--ServerApp.ip=127.0.0.1",
    ]


@contextlib.contextmanager
def running_jupyter(
    cove: Cove,
    root: Path,
    place: Path,
    *,
    base_url: str = "/",
    program: str = "lab",
    env: Mapping[str, str] | None = None,
) -> Iterator[Jupyter]:
    """Run JupyterLab (`lab`) or Notebook 7 (`notebook`) on loopback until the block ends."""
    place.mkdir(exist_ok=True)
    settings = place / "config/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    jupyter = Jupyter(free_port(), base_url, secrets.token_hex(16), place / "jupyter.log")
    whole = cove.environment(
        {
            "JUPYTER_TOKEN": jupyter.token,
            "JUPYTER_CONFIG_DIR": str(place / "config"),
            "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
            "IPYTHONDIR": str(place / "ipython"),
            "PATH": f"{Path(sys.executable).parent}:{cove.environment()['PATH']}",
            **(env or {}),
        }
    )
    argv = [sys.executable, "-m", f"jupyter{program}" if program == "lab" else program]
    argv += jupyter_words(jupyter.port, base_url, root)
    with running(argv, log=jupyter.log, env=whole, ready=lambda: answers(f"{jupyter.url}api"), patience=120):
        yield jupyter


def answers(url: str) -> bool:
    """Whether a server answers there, with whatever status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True
