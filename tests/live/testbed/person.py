"""An ordinary user of this machine, for the promises that only show without root's rights."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from testbed.command import Home, Result, shared_ide_cache
from testbed.engine import environment
from testbed.image import CHANGES, OFFICIAL_NAMES, base_archive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from testbed.engine import Engine
    from testbed.slot import Slot

SUBORDINATE_IDS = 65536
HEAVY = (
    "playwright",
    "botocore",
    "moto",
    "jupyterlab",
    "notebook",
    "mypy",
    "mypyc",
    "hypothesis",
    "ruff",
    "pip",
    "setuptools",
    "test",
    "idlelib",
    "ensurepip",
)


IMPORT = """
import sys
from cove.engines.choose import read_engine
from cove.host.machine import read_machine
from cove.host.proc import HostRunner
archive, *words = sys.argv[1:]
names, changes = words[:words.index("--")], words[words.index("--") + 1:]
engine = read_engine("podman", HostRunner(), read_machine())
for name in names:
    engine.inspect_image(name) or engine.import_image(archive, name, changes)
"""


class Person(NamedTuple):
    """The user. `python` is one they may run, with cove and what it needs importable by `env`."""

    name: str
    uid: int
    gid: int
    folder: Path
    """Theirs, short; the home folder is in it."""
    python: str
    env: Mapping[str, str]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        umask: int = 0o022,
        timeout: float = 600,
    ) -> Result:
        """Run any program as this user, with their groups and a login's few variables."""
        done = subprocess.run(
            argv,
            cwd=cwd or self.home,
            env={**self.env, **(env or {})},
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            umask=umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        return Result(tuple(argv), done.returncode, done.stdout, done.stderr)

    def cove(
        self,
        engine: Engine,
        *words: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        umask: int = 0o022,
    ) -> Result:
        """Run cove as this user; on docker through the private socket, on podman rootless with their own storage."""
        if engine.name == "docker":
            open_socket(engine, self.gid)
        copy_bundle(self)
        leads = {
            name: value
            for name, value in engine.env.items()
            if engine.name == "docker" and not name.startswith("CONTAINERS_")
        }
        return self.run(
            (self.python, "-m", "cove", *words),
            cwd=cwd,
            env={"COVE_ENGINE": engine.name, **leads, **Home(self.folder).env, **(env or {})},
            umask=umask,
        )


@contextlib.contextmanager
def ordinary_person(slot: Slot, *, suffix: str = "") -> Iterator[Person]:
    """Make the user, and remove them with all they own and run; `suffix` makes another one."""
    name = f"covetest{slot.number}{suffix}"
    folder = slot.folder / f"u{suffix}"
    remove_user(name)
    folder.mkdir(mode=0o711)
    subprocess.run(
        ["useradd", "--create-home", "--home-dir", str(folder / "home"), "--shell", "/bin/bash", name],
        check=True,
    )
    try:
        ensure_subordinate_ids(name)
        entry = pwd.getpwnam(name)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        python, path = python_for(slot, entry.pw_uid, entry.pw_gid)
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        os.chown(runtime, entry.pw_uid, entry.pw_gid)
        yield Person(name, entry.pw_uid, entry.pw_gid, folder, python, login_environment(name, folder, path))
    finally:
        end_processes_of(name)
        remove_user(name)


def end_processes_of(name: str) -> None:
    """End whatever the user runs."""
    uid = pwd.getpwnam(name).pw_uid
    for _ in range(20):
        pids = [int(path.name) for path in Path("/proc").glob("[0-9]*") if owner(path) == uid]
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def owner(path: Path) -> int:
    """Return who owns a file, -1 if it is gone."""
    try:
        return path.stat().st_uid
    except FileNotFoundError:
        return -1


def login_environment(name: str, folder: Path, path: str) -> dict[str, str]:
    """Return a login's variables, and what of the network's (proxies, authorities) every user of the host has."""
    shared = {
        key: value
        for key, value in environment({}).items()
        if key.lower().endswith("_proxy")
        or "CERT" in key
        or key in {"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"}
    }
    return {
        **shared,
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder / "home"),
        "USER": name,
        "LOGNAME": name,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "PYTHONPATH": path,
    }


def remove_user(name: str) -> None:
    """Remove a user, if there."""
    subprocess.run(["userdel", name], check=False, capture_output=True)


def ensure_subordinate_ids(name: str) -> None:
    """Give the user subordinate ids for rootless engines, where useradd did not."""
    for path, option in (("/etc/subuid", "--add-subuids"), ("/etc/subgid", "--add-subgids")):
        lines = Path(path).read_text().splitlines() if Path(path).exists() else []
        if any(line.startswith(f"{name}:") for line in lines):
            continue
        taken = [int(line.split(":")[1]) + int(line.split(":")[2]) for line in lines if line.count(":") == 2]
        first = max([100_000, *taken])
        subprocess.run(["usermod", option, f"{first}-{first + SUBORDINATE_IDS - 1}", name], check=True)


def open_socket(engine: Engine, gid: int) -> None:
    """Let the user talk to the private docker, as the docker group lets users of a real one."""
    os.chown(engine.env["DOCKER_HOST"].removeprefix("unix://"), 0, gid)


def give_image(person: Person, engine: Engine) -> None:
    """Let the user's engine have the base image: their own podman a copy, docker is one for all."""
    if engine.name == "docker":
        open_socket(engine, person.gid)
        return
    archive = person.folder / "base.tar"
    shutil.copy(base_archive(), archive)
    archive.chmod(0o644)
    words = (person.python, "-c", IMPORT, str(archive), OFFICIAL_NAMES[-1], "--", *CHANGES)
    person.run(words, env=Home(person.folder).env).check()
    archive.unlink()


def copy_bundle(person: Person) -> None:
    """Give the user a copy of the editor's bundle, if one was fetched: root's cache is root's."""
    cache = Path(Home(person.folder).env["COVE_HOME"]) / "cache"
    shared = shared_ide_cache()
    if not shared.exists() or (cache / "ide").exists():
        return
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(shared), str(cache / "ide")], check=True)
    subprocess.run(["chown", "-R", f"{person.uid}:{person.gid}", str(cache.parent)], check=True)


def python_for(slot: Slot, uid: int, gid: int) -> tuple[str, str]:
    """Return a Python the user may run and the PYTHONPATH that gives it cove.

    The checkout and its Python may lie where only root can go; then both are copied, without what cove does not need.
    """
    source = Path(__file__).parents[3] / "src"
    packages = Path(sysconfig.get_path("purelib"))
    if may_import(uid, gid):
        return sys.executable, f"{source}:{packages}"
    place = slot.folder / "py"
    if place.exists():
        return copied_python(place), f"{place}/src:{place}/site"
    heavy = shutil.ignore_patterns(*HEAVY, "__pycache__", "config-*")
    shutil.copytree(source, place / "src", ignore=heavy)
    shutil.copytree(packages, place / "site", ignore=heavy)
    return copied_python(place), f"{place}/src:{place}/site"


def may_import(uid: int, gid: int) -> bool:
    """Whether the user can run this very Python and import cove with it."""
    argv = [sys.executable, "-c", "import cove.cli, aiohttp, rich, urllib3"]
    try:
        done = subprocess.run(
            argv, user=uid, group=gid, extra_groups=[], check=False, capture_output=True, cwd="/"
        )
    except PermissionError:
        return False
    return done.returncode == 0


def copied_python(place: Path) -> str:
    """Return the system's Python of the same version if there is one, else a copy of ours."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if (system := Path("/usr/bin") / name).exists():
        return str(system)
    if (place / "bin").exists():
        return str(place / "bin" / name)
    real = Path(sys.base_prefix)
    skipped = shutil.ignore_patterns(*HEAVY, "__pycache__", "config-*", "site-packages", "pkgconfig")
    shutil.copytree(real / "lib" / name, place / "lib" / name, ignore=skipped)
    (place / "bin").mkdir()
    shutil.copy2(real / "bin" / name, place / "bin" / name)
    for library in (real / "lib").glob("libpython*.so*"):
        shutil.copy2(library, place / "lib" / library.name)
    return str(place / "bin" / name)
