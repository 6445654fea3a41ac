"""What a clone holds that its remote does not; real git, and a clone that a stranger could write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.host.proc import HostRunner
from cove.workspace.checkout import read_checkout
from cove.workspace.unsaved import describe_status, read_unsaved

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Git = Callable[..., str]


def unsaved(folder: Path) -> list[str]:
    checkout = read_checkout(str(folder))
    assert checkout
    return read_unsaved(HostRunner(), checkout)


@pytest.fixture
def clone(git: Git, tmp_path: Path) -> Path:
    remote = tmp_path / "remote"
    remote.mkdir()
    git(remote, "init", "-q")
    (remote / "train.py").write_text("print(1)\n")
    (remote / ".gitignore").write_text("*.ckpt\n__pycache__/\n")
    git(remote, "add", ".")
    git(remote, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", str(remote), "clone")
    return tmp_path / "clone"


def test_nothing_is_lost(clone: Path) -> None:
    (clone / "__pycache__").mkdir()
    (clone / "__pycache__" / "a.pyc").touch()
    assert unsaved(clone) == []


def test_what_would_be_lost(git: Git, clone: Path) -> None:
    (clone / "train.py").write_text("print(2)\n")
    (clone / "notes.md").touch()
    (clone / "best.ckpt").touch()
    assert unsaved(clone) == [
        "2 files are not committed: train.py, notes.md",
        "1 ignored file is not in git: best.ckpt",
    ]
    git(clone, "stash")
    assert "changes are stashed" in unsaved(clone)


def test_commits_on_any_branch_count(git: Git, clone: Path) -> None:
    git(clone, "checkout", "-qb", "mine")
    git(clone, "commit", "-qm", "two", "--allow-empty")
    git(clone, "checkout", "-q", "main")
    assert unsaved(clone) == ["1 commits are not pushed"]
    git(clone, "push", "-q", "origin", "mine")
    assert unsaved(clone) == []
    git(clone, "checkout", "-q", "--detach")
    git(clone, "commit", "-qm", "three", "--allow-empty")
    assert unsaved(clone) == ["1 commits are not pushed"]


def test_a_working_tree_keeps_what_its_repository_does_not(git: Git, clone: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(clone, "worktree", "add", "-q", "-b", "mine", str(tree))
    git(tree, "commit", "-qm", "two", "--allow-empty")
    assert unsaved(tree) == [], "its branch is the repository's"
    (tree / "train.py").write_text("print(3)\n")
    assert unsaved(tree) == ["1 file is not committed: train.py"]
    git(tree, "checkout", "-q", "--detach")
    git(tree, "commit", "-qam", "three")
    assert unsaved(tree) == ["1 commits are on no branch"]


def test_no_program_of_the_clones_own_is_run(git: Git, clone: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trapped"
    evil = f"sh -c 'touch {trap}'"
    git(clone, "config", "core.fsmonitor", evil)
    git(clone, "config", "filter.evil.clean", evil)
    git(clone, "config", "filter.evil.process", evil)
    git(clone, "config", "core.pager", evil)
    (clone / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    (clone / ".gitattributes").write_text("* filter=evil\n")
    os.utime(clone / "train.py", (1, 1))
    assert unsaved(clone) == ["1 file is not committed: .gitattributes"]
    assert not trap.exists()


@pytest.mark.parametrize("broken", ["HEAD", "refs", "index"])
def test_what_cannot_be_told_is_a_reason(clone: Path, broken: str) -> None:
    place = clone / ".git" / broken
    place.rename(clone / ".git" / "away")
    os.mkfifo(place)
    assert unsaved(clone)


def test_submodules_are_not_looked_into(clone: Path) -> None:
    (clone / ".gitmodules").touch()
    assert unsaved(clone) == ["it has submodules, which are not looked into"]


def test_what_is_made_again_is_no_loss() -> None:
    assert describe_status("?? __pycache__/\0!! src/__pycache__/\0") == []
    assert describe_status(" M .venv\0") == ["1 file is not committed: .venv"]


def test_long_lists_are_cut() -> None:
    assert describe_status("?? a\0?? b\0?? c\0?? d\0") == ["4 files are not committed: a, b, c, …"]
