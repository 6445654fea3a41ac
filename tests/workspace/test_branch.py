"""Branches side by side: real git, and a repository whose configuration names programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import UsageError
from cove.host.proc import HostRunner
from cove.workspace.branch import is_branch_folder, open_branch, remove_branch_folder, worktrees_folder
from cove.workspace.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.host.machine import Machine

    Git = Callable[..., str]


@pytest.fixture
def session(machine: Machine) -> Session:
    return Session(machine, HostRunner())


@pytest.fixture
def nets(git: Git, tmp_path: Path) -> Path:
    folder = tmp_path / "Nets"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text("print(1)\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


def test_a_new_branch_begins_where_the_folder_stands(session: Session, git: Git, nets: Path) -> None:
    desk = open_branch(session, str(nets), "wide/deep")
    assert desk.name == "nets-wide-deep"
    assert desk.folder.startswith(f"{worktrees_folder(session.machine)}/")
    assert os.path.basename(desk.folder) == "Nets-wide-deep"
    assert Path(desk.folder, "src", "train.py").read_text() == "print(1)\n"
    assert git(Path(desk.folder), "symbolic-ref", "--short", "HEAD") == "wide/deep"
    assert "new branch wide/deep from main (" in session.progress.notes[0]
    assert "locked opened by cove" in git(nets, "worktree", "list", "--porcelain")
    assert open_branch(session, str(nets), "wide/deep") == desk
    assert open_branch(session, desk.folder, "wide/deep") == desk, "from beside as well"
    assert len(session.progress.notes) == 1


def test_a_part_of_the_repository(session: Session, nets: Path) -> None:
    desk = open_branch(session, f"{nets}/src", "x")
    assert (desk.name, os.path.basename(desk.folder)) == ("src-x", "src")


def test_the_branch_of_the_folder_is_the_folder(session: Session, nets: Path) -> None:
    assert open_branch(session, str(nets), "main").folder == str(nets)


def test_branches_that_are_there(session: Session, git: Git, nets: Path, tmp_path: Path) -> None:
    git(nets, "branch", "old")
    git(tmp_path, "clone", "-q", str(nets), "mine")
    mine = tmp_path / "mine"
    followed = open_branch(session, str(mine), "old").folder
    assert git(Path(followed), "rev-parse", "--abbrev-ref", "@{upstream}") == "origin/old"
    git(mine, "branch", "local")
    open_branch(session, str(mine), "local")
    told = [note.rpartition(": ")[0] for note in session.progress.notes]
    assert told == ["old follows origin/old", "local is checked out"]


def test_two_branches_with_one_name_as_a_folder(session: Session, nets: Path) -> None:
    first, second = (open_branch(session, str(nets), name).folder for name in ("a-b", "a.b"))
    assert (os.path.basename(first), os.path.basename(second)) == ("Nets-a-b", "Nets-a-b-2")


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "x.lock", "@{1}", "--orphan", ""])
def test_what_is_no_branch(session: Session, nets: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name of a branch"):
        open_branch(session, str(nets), name)


def test_where_there_is_nothing_to_branch(session: Session, git: Git, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in no git repository"):
        open_branch(session, str(tmp_path), "x")
    git(tmp_path, "init", "-q")
    with pytest.raises(UsageError, match="no commit yet"):
        open_branch(session, str(tmp_path), "x")


def test_a_clone_is_named_by_its_url(session: Session, git: Git, nets: Path) -> None:
    clones = f"{session.machine.directories.data}/repositories"
    os.makedirs(clones)
    git(Path(clones), "clone", "-q", str(nets), "nets")
    with pytest.raises(UsageError, match="a clone that cove keeps") as raised:
        open_branch(session, f"{clones}/nets", "x")
    assert "cove up URL#BRANCH" in raised.value.hint


def test_no_program_of_the_repositorys_is_run(session: Session, git: Git, nets: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trapped"
    evil = f"sh -c 'touch {trap}; cat'"
    for key in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process"):
        git(nets, "config", key, evil)
    git(nets, "config", "filter.evil.required", "true")
    (nets / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    hook = nets / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {trap}\n")
    hook.chmod(0o755)
    desk = open_branch(session, str(nets), "x")
    assert Path(desk.folder, "src", "train.py").read_text() == "print(1)\n"
    assert not trap.exists()


def test_a_check_out_that_was_cut_off_is_made_anew(session: Session, git: Git, nets: Path) -> None:
    folder = open_branch(session, str(nets), "x").folder
    notes = nets / ".git" / "worktrees" / os.path.basename(folder)
    (notes / "locked").write_text("initializing")
    Path(folder, "src", "train.py").unlink()
    assert open_branch(session, str(nets), "x").folder == folder
    assert Path(folder, "src", "train.py").read_text() == "print(1)\n"
    assert git(Path(folder), "status", "--porcelain") == ""


def test_removed_when_nothing_is_lost(session: Session, git: Git, nets: Path) -> None:
    folder = open_branch(session, str(nets), "x").folder
    assert is_branch_folder(session.machine, folder)
    assert not is_branch_folder(session.machine, str(nets))
    Path(folder, "notes.md").touch()
    assert remove_branch_folder(session, folder, ()) == f"{folder} stays: 1 file is not committed: notes.md"
    git(Path(folder), "add", ".")
    git(Path(folder), "commit", "-qm", "two")
    assert "another workspace is in it" in remove_branch_folder(session, folder, (f"{folder}/src",))
    assert remove_branch_folder(session, folder, ()) == "removed"
    assert not os.path.exists(folder)
    assert git(nets, "worktree", "list").count("\n") == 0
    assert git(nets, "log", "-1", "--format=%s", "x") == "two", "the branch is the repository's"
    assert open_branch(session, str(nets), "x").folder == folder
    assert remove_branch_folder(session, str(nets), ()) == ""
