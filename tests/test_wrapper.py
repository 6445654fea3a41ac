"""`./cove`, the wrapper of a clone: what it installs, when, and what it never does again.

A stand-in for uv makes the environment in a moment; `tests/live/test_clone.py` does it for real.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

WRAPPER = Path(__file__).parents[1] / "cove"
TOOLS = tuple("cat chmod date env id ln mkdir mv readlink rm rmdir sh sleep tail touch".split())  # noqa: SIM905 - a list of words

FAKE_UV = f"""\
#!/bin/sh
echo "$1" >>"$CALLS"
if [ "$1" = venv ]; then
  for place; do :; done
  mkdir -p "$place/bin"
  echo 'home = {os.path.dirname(os.path.realpath(sys.executable))}' >"$place/pyvenv.cfg"
  echo 'include-system-site-packages = false' >>"$place/pyvenv.cfg"
  ln -s '{os.path.realpath(sys.executable)}' "$place/bin/python"
else
  sleep "${{UV_SECONDS:-0}}"
  [ -z "${{UV_FAILS:-}}" ] || {{ echo 'no route to the index'; exit 1; }}
  for folder; do :; done
  printf '#!/bin/sh\\necho "ran with: $*"\\nexit "${{CODE:-0}}"\\n' >"$folder/.venv/bin/cove"
  chmod +x "$folder/.venv/bin/cove"
fi
"""

FAKE_APT = """\
#!/bin/sh
echo "apt-get $*" >>"$CALLS"
exit 1
"""


class Clone:
    """A checkout with nothing but the wrapper, and a machine with nothing but a few tools."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self.folder.mkdir()
        shutil.copy2(WRAPPER, self.folder / "cove")
        (self.folder / "pyproject.toml").write_text("")
        os.utime(self.folder / "pyproject.toml", (1, 1))
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name) or "/bin/false")
        self.calls_file = folder / "calls"
        self.env = {"PATH": str(self.bin), "CALLS": str(self.calls_file), "HOME": str(folder)}
        self.program("python3", f'#!/bin/sh\nexec {os.path.realpath(sys.executable)} "$@"\n')
        self.program("uv", FAKE_UV)

    def program(self, name: str, text: str) -> None:
        """Put a program on PATH."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """What was asked of uv and apt-get."""
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def run(
        self, *words: str, argv0: Sequence[str] = (), cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        argv = [*(argv0 or [str(self.folder / "cove")]), *words]
        return subprocess.run(
            argv, cwd=cwd, env={**self.env, **env}, capture_output=True, text=True, check=False, timeout=60
        )

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.folder / "cove"), *words],
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def leftovers(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - {"cove", "pyproject.toml", ".venv"}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_first_call_installs_and_runs(clone: Clone) -> None:
    done = clone.run("up", "a b", "--json", CODE="7")
    assert done.stdout == "ran with: up a b --json\n", done.stderr
    assert done.returncode == 7
    assert clone.calls == ["venv", "pip"]
    assert len(done.stderr.splitlines()) == 2
    assert clone.leftovers() == set()


def test_later_calls_start_no_process_of_their_own(clone: Clone) -> None:
    clone.run()
    done = clone.run("ls", PATH="/nonexistent")
    assert (done.stdout, done.stderr, done.returncode) == ("ran with: ls\n", "", 0)


def test_it_is_found_from_anywhere(clone: Clone, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("clone/cove")
    (tmp_path / "two").symlink_to("./link")
    for cwd, name in (
        (clone.folder, "./cove"),
        (tmp_path, "clone/cove"),
        (tmp_path, "./link"),
        (Path("/"), str(tmp_path / "two")),
    ):
        assert clone.run("x", argv0=[name], cwd=cwd).stdout == "ran with: x\n"
    assert clone.run("x", argv0=["/bin/sh", "cove"], cwd=clone.folder).stdout == "ran with: x\n"
    assert clone.calls == ["venv", "pip"]


def test_a_changed_project_is_installed_again(clone: Clone) -> None:
    clone.run()
    os.utime(clone.folder / "pyproject.toml", (time.time() + 5, time.time() + 5))
    assert clone.run("x").stdout == "ran with: x\n"
    assert clone.calls == ["venv", "pip", "pip"]


def test_a_moved_clone_and_a_lost_python_are_repaired(clone: Clone) -> None:
    clone.run()
    clone.folder = clone.folder.rename(clone.folder.with_name("moved"))
    assert clone.run("x").stdout == "ran with: x\n"
    (clone.folder / ".venv" / "bin" / "python").unlink()
    (clone.folder / ".venv" / "bin" / "python").symlink_to("/nonexistent/python3")
    assert clone.run("y").stdout == "ran with: y\n"
    assert clone.calls == ["venv", "pip", "pip", "venv", "pip"]


def test_a_killed_installation_is_started_anew(clone: Clone) -> None:
    first = clone.start(UV_SECONDS="30")
    with first:
        while "pip" not in clone.calls:
            time.sleep(0.02)
        os.killpg(first.pid, signal.SIGKILL)
    assert (clone.folder / ".venv.lock").exists()
    assert clone.run("x").stdout == "ran with: x\n"
    assert clone.calls == ["venv", "pip", "venv", "pip"]
    assert clone.leftovers() == set()


def test_a_lock_without_an_owner_is_inherited(clone: Clone) -> None:
    (clone.folder / ".venv.lock").mkdir()
    assert clone.run("x").stdout == "ran with: x\n"
    assert clone.leftovers() == set()


def test_several_at_once_install_once(clone: Clone) -> None:
    # Long enough for those who wait to wonder whether the owner of the lock is still there.
    processes = [clone.start(str(number), UV_SECONDS="4") for number in range(8)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [out for out, _ in outputs] == [f"ran with: {number}\n" for number in range(8)], outputs
    assert clone.calls == ["venv", "pip"]
    assert clone.leftovers() == set()


def test_several_inherit_a_dead_lock_once(clone: Clone) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    lock = clone.folder / ".venv.lock"
    lock.mkdir()
    (lock / "owner").write_text(f"{dead.pid}\n")
    processes = [clone.start(str(number), UV_SECONDS="1") for number in range(4)]
    for process in processes:
        process.communicate(timeout=60)
    assert clone.calls == ["venv", "pip"]
    assert clone.leftovers() == set()


def test_without_a_python_it_says_what_to_install(clone: Clone) -> None:
    clone.program("python3", "#!/bin/sh\nexit 1\n")
    failed = clone.run("x")
    assert (failed.stdout, failed.returncode) == ("", 4)
    assert "Python 3.11" in failed.stderr


def test_an_unreachable_index_exits_8(clone: Clone) -> None:
    clone.program(
        "python3",
        f'#!/bin/sh\ncase "$*" in *" venv "*) echo no route; exit 1 ;; esac\nexec {sys.executable} "$@"\n',
    )
    failed = clone.run("x", UV_FAILS="1")
    assert (failed.stdout, failed.returncode) == ("", 8)
    assert "no route" in failed.stderr
    assert "The whole output" in failed.stderr


@pytest.mark.parametrize("words", [["up"], ["exec", "a", "--", "tool", "--yes"]])
def test_without_consent_nothing_is_installed_by_apt(clone: Clone, words: list[str]) -> None:
    clone.program("python3", "#!/bin/sh\nexit 1\n")
    clone.program("apt-get", FAKE_APT)
    done = clone.run(*words)
    assert done.returncode == 4
    assert "apt-get install python3 python3-venv" in done.stderr
    assert "--yes" in done.stderr
    assert clone.calls == []


def test_with_consent_it_says_what_it_installs(clone: Clone) -> None:
    (clone.bin / "uv").unlink()
    version = "%d.%d" % sys.version_info[:2]  # noqa: UP031 - two numbers
    no_venv = f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    clone.program("python3", no_venv)
    clone.program("apt-get", FAKE_APT)
    clone.program("sudo", '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n')
    done = clone.run("--yes", "up")
    assert done.returncode == 4
    assert f"apt-get install -y --no-install-recommends python{version}-venv" in "\n".join(clone.calls)
    assert f"python{version}-venv" in done.stderr
