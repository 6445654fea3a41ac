"""A person's dotfiles: the command that installs them, run by a real shell with real git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from cove.settings.settings import Settings
from cove.workspace.dotfiles import plan_dotfiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_nobody_has_any_unasked() -> None:
    assert plan_dotfiles(Settings()) == ()


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("ada/dotfiles", "https://github.com/ada/dotfiles.git"),
        ("git@example.org:ada/dots.git", "git@example.org:ada/dots.git"),
        ("https://example.org/dots", "https://example.org/dots"),
        ("/srv/dots", "/srv/dots"),
    ],
)
def test_where_they_come_from(repository: str, expected: str) -> None:
    (step,) = plan_dotfiles(Settings(dotfiles_repository=repository))
    assert step.argv[4:7] == (expected, "~/dotfiles", "")


@pytest.fixture
def install(tmp_path: Path, git: Callable[..., str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Install dotfiles of these files into a home: `install({"install.sh": "…"}, command="…")`."""
    home = tmp_path / "home"
    home.mkdir()
    remote = tmp_path / "dots"
    remote.mkdir()
    git(remote, "init", "-q")

    def run(
        files: dict[str, str], *, command: str = "", path: str = os.environ["PATH"]
    ) -> subprocess.CompletedProcess[str]:
        for name, text in files.items():
            (remote / name).parent.mkdir(exist_ok=True)
            (remote / name).write_text(text)
        git(remote, "add", "-A")
        git(remote, "commit", "-qm", "dots", "--allow-empty")
        settings = Settings(dotfiles_repository=f"file://{remote}", dotfiles_command=command)
        (step,) = plan_dotfiles(settings)
        env = {"HOME": str(home), "PATH": path}
        return subprocess.run(step.argv, env=env, capture_output=True, text=True, check=False)

    return run


def test_linked_where_nothing_installs_them(
    install: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    assert install({".vimrc": "set nu", ".config/a": "b", "README": ""}).returncode == 0
    home = tmp_path / "home"
    assert (home / ".vimrc").read_text() == "set nu"
    assert (home / ".config").is_symlink()
    assert not (home / ".git").exists()
    assert not (home / "README").exists()


@pytest.mark.parametrize("name", ["install.sh", "setup", "script/bootstrap"])
def test_the_first_installer_runs(
    install: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, name: str
) -> None:
    done = install({name: '#!/bin/sh\necho "$0" > "$HOME/ran"\n', ".vimrc": ""})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "home" / "ran").read_text() == f"./{name}\n"
    assert not (tmp_path / "home" / ".vimrc").exists()


@pytest.mark.parametrize("command", ["mine.sh", 'echo "it\'s" > "$HOME/ran"'])
def test_a_command_of_ones_own(
    install: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, command: str
) -> None:
    files = {"mine.sh": '#!/bin/sh\necho "it\'s" > "$HOME/ran"\n', "install.sh": "exit 3\n"}
    assert install(files, command=command).returncode == 0
    assert (tmp_path / "home" / "ran").read_text() == "it's\n"


def test_failures(install: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    nothing = tmp_path / "bin"
    nothing.mkdir()
    missing = install({}, path=str(nothing))
    assert (missing.returncode, missing.stderr) == (127, "the image has no git, which dotfiles need\n")
    assert install({"install.sh": "#!/bin/sh\nexit 3\n"}).returncode == 3
