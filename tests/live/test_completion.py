"""Completion in the shells themselves: a terminal, the script, a Tab."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cove.cli.completion import SHELLS

if TYPE_CHECKING:
    from pathlib import Path

RECORD = (
    '{"id": "1", "name": "digits", "folder": "/home/ada/digits", "config_path": "", "engine": "docker",'
    ' "container": "c", "user": "", "workspace_folder": "", "env": {}, "shell": "", "image": "", "started": ""}'
)
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(cove completion bash)"\n'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -D -u; eval "$(cove completion zsh)"\n'),
}
CASES = {
    "cove stop d": "digits",
    "cove sto": "stop",
    "cove up --reb": "--rebuild",
    "cove up --engine=po": "podman",
    "cove up my": "my-folder",
    "cove exec digits -- cat my-folder/no": "notes.txt",
}


@pytest.fixture
def world(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH has cove, with a workspace, and a folder to stand in."""
    (tmp_path / "bin").mkdir()
    cove = tmp_path / "bin" / "cove"
    cove.write_text(f'#!/bin/sh\nexec {sys.executable} -m cove "$@"\n')
    cove.chmod(0o755)
    (tmp_path / "state" / "1").mkdir(parents=True)
    (tmp_path / "state" / "1" / "record.json").write_text(RECORD)
    (tmp_path / "here" / "my-folder").mkdir(parents=True)
    (tmp_path / "here" / "my-folder" / "notes.txt").touch()
    return {
        "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "COVE_HOME": str(tmp_path),
        "TERM": "dumb",
        "PS1": "> ",
        "HERE": str(tmp_path / "here"),
    }


@pytest.mark.parametrize("shell", START)
def test_tab(shell: str, world: dict[str, str]) -> None:
    argv, script = START[shell]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(world["HERE"])
        os.execvpe(argv[0], argv, world)  # noqa: S606 - a terminal's own process
    try:
        os.write(terminal, f"{script}echo rea''dy\n".encode())
        read_until(terminal, r"\nready")
        for typed, completed in CASES.items():
            os.write(terminal, typed.encode() + b"\t")
            read_until(terminal, re.escape(completed))
            os.write(terminal, b"\x15")  # forget the line
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def read_until(terminal: int, pattern: str) -> None:
    """Read what the terminal shows until it fits."""
    shown = ""
    while not re.search(pattern, shown):
        assert select.select([terminal], [], [], 30)[0], f"no {pattern} in {shown!r}"
        shown += os.read(terminal, 4096).decode("utf-8", "replace")


@pytest.mark.parametrize("typed", CASES)
def test_fish(typed: str, world: dict[str, str]) -> None:
    told = subprocess.run(
        ["fish", "--no-config", "-c", f"cove completion fish | source; complete -C '{typed}'"],
        env=world,
        cwd=world["HERE"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert CASES[typed] in told.stdout, told.stderr


def test_every_shell_is_tried() -> None:
    assert {*START, "fish"} == {*SHELLS}
