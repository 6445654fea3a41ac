"""What the probe prints becomes a user and an environment."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, EngineError
from cove.host.proc import CommandTimeout
from cove.workspace.environment import PROBE, choose_shell_env, merge_paths, parse_probe, read_remote_user

if TYPE_CHECKING:
    from pathlib import Path

    from cove.testing import FakeEngine

PRINTED = (
    "dev\n1000\n1000\n/home/dev\n/bin/bash\n"
    ".postCreateCommandMarker 2026-11-22T06:00:00Z\n"
    "--cove-environment--\n"
    "drwxr-xr-x 3 0 0 4096 Nov 22 06:00 /opt/cove/cache/pip\n"
    "drwx------ 2 1000 1000 4096 Nov 22 06:00 /opt/cove/cache/pip/1000\n"
    "--cove-environment--\n"
    "PATH=/opt/venv/bin:/usr/bin\0HOME=/home/dev\0LINES=a\nb\0"
    "\n--cove-environment--\n"
    "a greeting from .bashrc\n"
    "--cove-environment--\n"
    "PATH=/usr/local/bin:/usr/bin\0HOME=/home/dev\0LINES=a\nb\0EDITOR=vim\0SHLVL=1\0_=/bin/cat\0"
    "\n--cove-environment--\n"
)


def test_parse() -> None:
    user = parse_probe(PRINTED)
    assert (user.name, user.uid, user.gid, user.home, user.shell) == (
        "dev",
        1000,
        1000,
        "/home/dev",
        "/bin/bash",
    )
    assert user.caches == {"pip"}
    assert user.markers == {"postCreateCommand": "2026-11-22T06:00:00Z"}
    assert user.container_env == {"PATH": "/opt/venv/bin:/usr/bin", "HOME": "/home/dev", "LINES": "a\nb"}
    assert user.shell_env == {"PATH": "/opt/venv/bin:/usr/local/bin:/usr/bin", "EDITOR": "vim"}


def test_no_shell_asked() -> None:
    fence = "--cove-environment--\n"
    user = parse_probe(f"root\n0\n0\n/root\n/bin/sh\n{fence}{fence}PATH=/bin\0\n{fence}")
    assert user.shell_env == {}
    assert user.container_env == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("shell", "image", "is_root", "expected"),
    [
        ("/usr/bin:/bin", "/usr/bin:/bin", False, "/usr/bin:/bin"),
        ("/usr/bin:/bin", "/opt/venv/bin:/usr/bin:/bin", False, "/opt/venv/bin:/usr/bin:/bin"),
        ("/home/a/bin:/usr/bin", "/opt/a:/usr/bin:/opt/b", False, "/opt/a:/home/a/bin:/usr/bin:/opt/b"),
        ("/usr/bin", "/usr/sbin:/usr/bin", False, "/usr/bin"),
        ("/usr/bin", "/usr/sbin:/usr/bin", True, "/usr/sbin:/usr/bin"),
    ],
)
def test_merge_paths(shell: str, image: str, is_root: bool, expected: str) -> None:
    assert merge_paths(shell, image, is_root=is_root) == expected


def test_a_shell_without_path_of_its_own_changes_nothing() -> None:
    assert choose_shell_env({"PATH": "/a"}, {"PATH": "/a", "PWD": "/"}, is_root=False) == {}


@pytest.mark.parametrize(
    ("probe", "flags"),
    [
        ("loginInteractiveShell", "-lic"),
        ("loginShell", "-lc"),
        ("interactiveShell", "-ic"),
        ("none", ""),
    ],
)
def test_the_shell_that_is_asked(engine: FakeEngine, probe: str, flags: str) -> None:
    assert read_remote_user(engine, "c1", user="dev", probe=probe).name == "dev"
    (asked,) = engine.execs
    assert asked.user == "dev"
    assert f'if [ -n "{flags}" ]' in asked.argv[2]


def test_a_start_up_file_that_hangs_is_not_waited_for(engine: FakeEngine) -> None:
    engine.runner.answer("docker exec", error=CommandTimeout("20 s"), once=True)
    assert read_remote_user(engine, "c1", user="dev", probe="loginShell").home == "/home/dev"
    assert 'if [ -n "" ]' in engine.execs[1].argv[2]


@pytest.mark.parametrize(
    ("stdout", "stderr", "error", "message"),
    [
        (
            "unable to find user ada: no matching entries",
            "",
            ConfigurationError,
            "the image has no user `ada`",
        ),
        ("", "no matching entries in passwd file", ConfigurationError, "the image has no user `ada`"),
        ("", "container is paused", EngineError, "cannot run commands in the container as `ada`"),
    ],
)
def test_refusals(engine: FakeEngine, stdout: str, stderr: str, error: type[Exception], message: str) -> None:
    engine.runner.answer("docker exec", code=126, stdout=stdout, stderr=stderr)
    with pytest.raises(error, match=message):
        read_remote_user(engine, "c1", user="ada", probe="none")


def test_a_number_without_an_account(tmp_path: Path) -> None:
    """`id -un` of coreutils writes the number and fails."""
    (tmp_path / "id").write_text('#!/bin/sh\necho 5555\n[ "$1" != -un ]\n')
    (tmp_path / "id").chmod(0o755)
    script = PROBE.replace("$FENCE", "--cove-environment--").replace("$FLAGS", "").replace("$LISTING", "true")
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/"}
    told = subprocess.run(["/bin/sh", "-c", script], env=env, check=True, capture_output=True, text=True)
    user = parse_probe(told.stdout)
    assert (user.name, user.uid, user.gid, user.home) == ("5555", 5555, 5555, "/")
    assert user.shell in {"/bin/bash", "/bin/sh"}
