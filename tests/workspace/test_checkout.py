"""What git keeps of a folder; real git, and `.git` files that lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.workspace.checkout import Checkout, read_checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Git = Callable[..., str]


@pytest.fixture
def nets(git: Git, tmp_path: Path) -> Path:
    folder = tmp_path / "nets"
    (folder / "src").mkdir(parents=True)
    git(folder, "init", "-q")
    git(folder, "commit", "-qm", "one", "--allow-empty")
    return folder


@pytest.fixture
def tree(git: Git, nets: Path, tmp_path: Path) -> Path:
    git(nets, "worktree", "add", "-q", "-b", "wide/deep", str(tmp_path / "tree"))
    return tmp_path / "tree"


def test_the_main_checkout(git: Git, nets: Path) -> None:
    expected = Checkout(str(nets), f"{nets}/.git", f"{nets}/.git", "main")
    assert read_checkout(str(nets)) == read_checkout(f"{nets}/src") == expected
    assert (expected.linked, expected.repository) == (False, str(nets))
    git(nets, "checkout", "-q", "--detach")
    assert read_checkout(str(nets)) == expected._replace(branch="")


def test_a_further_working_tree(nets: Path, tree: Path) -> None:
    found = read_checkout(str(tree))
    assert found == Checkout(str(tree), f"{nets}/.git/worktrees/tree", f"{nets}/.git", "wide/deep")
    assert (found.linked, found.repository) == (True, str(nets))


def test_of_a_bare_repository(git: Git, nets: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(nets), "nets.git")
    git(tmp_path / "nets.git", "worktree", "add", "-q", str(tmp_path / "main"), "main")
    found = read_checkout(str(tmp_path / "main"))
    assert found
    assert (found.repository, found.branch) == (f"{tmp_path}/nets.git", "main")


def test_nothing_is_kept(tmp_path: Path) -> None:
    assert read_checkout(str(tmp_path)) is None
    assert read_checkout("/") is None


@pytest.mark.parametrize(
    "said",
    ["", "gitdir: ", "gitdir: /etc", "gitdir: ../nets/.git", "gitdir: ../nets/.git/worktrees/tree", "x"],
)
def test_a_file_that_names_what_does_not_name_it_back(
    nets: Path, tree: Path, tmp_path: Path, said: str
) -> None:
    liar = tmp_path / "liar"
    liar.mkdir()
    (liar / ".git").write_text(f"{said}\n")
    assert read_checkout(str(liar)) is None


def test_a_forged_folder_of_git(nets: Path, tmp_path: Path) -> None:
    liar = tmp_path / "liar"
    forged = liar / "made" / "worktrees" / "x"
    forged.mkdir(parents=True)
    (liar / ".git").write_text("gitdir: made/worktrees/x\n")
    (forged / "gitdir").write_text(f"{liar}/.git\n")
    (forged / "commondir").write_text(f"{nets}/.git\n")
    assert read_checkout(str(liar)) is None, "its repository is not the one whose folder it is in"


def test_a_link_is_followed_by_nobody(nets: Path, tmp_path: Path) -> None:
    liar = tmp_path / "liar"
    liar.mkdir()
    (liar / ".git").symlink_to(nets / ".git")
    assert read_checkout(str(liar)) is None


def test_a_pipe_is_not_waited_for(nets: Path) -> None:
    (nets / ".git" / "HEAD").unlink()
    os.mkfifo(nets / ".git" / "HEAD")
    found = read_checkout(str(nets))
    assert found
    assert found.branch == ""
