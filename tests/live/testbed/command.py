"""cove as a person runs it: the real command, with folders of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.engine import environment
from testbed.image import cache_folder
from testbed.process import end_marked
from testbed.registry import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testbed.engine import Engine


class Result(NamedTuple):
    """How a call of cove ended."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.stdout)

    def check(self, code: int = 0) -> Result:
        """Return itself, or fail with everything that was written."""
        assert self.code == code, (
            f"{' '.join(self.argv)}\nexit code {self.code}, not {code}\n{self.stdout}\n{self.stderr}"
        )
        return self


class Home(NamedTuple):
    """cove's folders for one test: everything it writes outside the repository lies in `folder`."""

    folder: Path
    gateway_port: int = 0

    @property
    def env(self) -> dict[str, str]:
        """What leads cove to them; the gateway's port is free, so that sessions do not meet."""
        env = {"COVE_HOME": str(self.folder / "h"), "COVE_RUN_DIR": str(self.folder / "r")}
        return {**env, "COVE_GATEWAY_PORT": str(self.gateway_port)} if self.gateway_port else env

    def close(self, engines: Iterable[Engine]) -> None:
        """End what was started with these folders, remove the containers that mount them, then the folders."""
        end_marked(f"COVE_HOME={self.env['COVE_HOME']}")
        for engine in engines:
            remove_containers(engine, str(self.folder))
        shutil.rmtree(self.folder, ignore_errors=True)


def make_home(slot_folder: Path, ide_cache: Path | None) -> Home:
    """Make folders with a short path. What is slow to fetch or build is shared: the editor's bundle, the SSH server."""
    home = Home(Path(tempfile.mkdtemp(prefix="h", dir=slot_folder)), free_port())
    cache = home.folder / "h" / "cache"
    cache.mkdir(parents=True)
    if ide_cache is not None:
        ide_cache.mkdir(parents=True, exist_ok=True)
        (cache / "ide").symlink_to(ide_cache)
    shared_ssh_cache().mkdir(parents=True, exist_ok=True)
    (cache / "ssh").symlink_to(shared_ssh_cache())
    return home


def shared_ide_cache() -> Path:
    """Return where the editor's bundle outlives sessions."""
    return cache_folder() / "ide"


def shared_ssh_cache() -> Path:
    """Return where the SSH server, which takes minutes to build, outlives sessions."""
    return cache_folder() / "ssh"


def remove_containers(engine: Engine, text: str) -> None:
    """Remove the containers whose description mentions `text` (a path they mount, a label)."""
    ids = engine.cli("ps", "--all", "--quiet", "--no-trunc").stdout.split()
    if not ids:
        return
    described = json.loads(engine.cli("container", "inspect", *ids, check=False).stdout or "[]")
    if doomed := [one["Id"] for one in described if text in json.dumps(one)]:
        engine.cli("rm", "--force", "--volumes", *doomed, check=False)


class Cove:
    """Calls the real command; `cove("up", str(folder), "--json").check().json["url"]`."""

    def __init__(self, home: Home, env: Mapping[str, str], *, inside: Sequence[str] = ()) -> None:
        self.home = home
        self.program = (*inside, sys.executable, "-m", "cove")
        """`inside`: the words before a command that is to run in another network namespace."""
        self.env = {**env, **home.env}

    def __call__(
        self,
        *words: str,
        cwd: Path | str | None = None,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 600,
    ) -> Result:
        """Run `cove WORDS` to its end; stdin is empty unless given, and no terminal."""
        argv = (*self.program, *words)
        done = subprocess.run(
            argv,
            cwd=cwd,
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env=self.environment(env),
        )
        return Result(("cove", *words), done.returncode, done.stdout, done.stderr)

    def start(
        self, *words: str, cwd: Path | str | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start `cove WORDS` and return the process, to be waited for or killed by the test."""
        return subprocess.Popen(
            (*self.program, *words),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=self.environment(env),
        )

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the whole environment of a call: nothing of the developer's cove, nothing of sudo's."""
        clean = {
            name: value for name, value in environment({}).items() if not name.startswith(("COVE_", "SUDO_"))
        }
        return {**clean, **self.env, "PYTHONWARNINGS": "default", **(more or {})}
