"""Repositories opened by URL: cloned once by real git, kept, and removed only when nothing would be lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NetworkError, UsageError
from cove.host.machine import Owner
from cove.host.proc import HostRunner
from cove.settings.settings import Settings
from cove.spec.git_source import GitSource
from cove.workspace.address import is_cloned, locate_folder
from cove.workspace.clone import remove_clone, render_steps
from cove.workspace.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.host.machine import Machine

    Git = Callable[..., str]


@pytest.fixture
def session(machine: Machine) -> Session:
    return Session(machine, HostRunner())


@pytest.fixture
def remote(git: Git, tmp_path: Path) -> Path:
    """A remote with two branches, a tag, a request and a subfolder."""
    remote = tmp_path / "nets"
    (remote / "src").mkdir(parents=True)
    git(remote, "init", "-q")
    (remote / "Dockerfile").write_text("FROM debian\n")
    (remote / "src" / "Dockerfile").write_text("FROM debian\n")
    git(remote, "add", ".")
    git(remote, "commit", "-qm", "one")
    git(remote, "tag", "v1")
    for branch in ("feature/x", "request"):
        git(remote, "checkout", "-qb", branch, "main")
        (remote / branch.replace("/", "-")).touch()
        git(remote, "add", ".")
        git(remote, "commit", "-qm", branch)
    git(remote, "update-ref", "refs/pull/5/head", "request")
    git(remote, "checkout", "-q", "main")
    git(remote, "branch", "-qD", "request")
    return remote


@pytest.mark.parametrize(
    ("which", "folder", "there"),
    [
        ("", "nets", "Dockerfile"),
        ("#v1", "nets@v1", "Dockerfile"),
        ("#feature/x", "nets@feature-x", "feature-x"),
        ("#feature/x:src", "nets@feature-x/src", "Dockerfile"),
        ("#pull/5", "nets@pr-5", "request"),
        ("#:src", "nets/src", "Dockerfile"),
    ],
)
def test_cloned_once(session: Session, remote: Path, which: str, folder: str, there: str) -> None:
    found = locate_folder(session, f"file://{remote}{which}")
    assert found.endswith(f"/repositories/local{remote.parent}/{folder}")
    assert os.path.exists(f"{found}/{there}")
    assert is_cloned(session.machine, found)
    with open(f"{found}/mine", "w") as file:
        file.write("work")
    assert locate_folder(session, f"file://{remote}{which}") == found
    assert os.path.exists(f"{found}/mine"), "what the person did stays"
    assert "brings what is new" in session.progress.notes[-1]


def test_a_commit(git: Git, session: Session, remote: Path) -> None:
    first = git(remote, "rev-parse", "v1")
    found = locate_folder(session, f"file://{remote}#{first[:12]}")
    assert git(remote.parent, "-C", found, "rev-parse", "HEAD") == first


def test_a_folder_that_is_there_is_no_url(session: Session, machine: Machine) -> None:
    os.makedirs(f"{machine.cwd}/github.com/ada")
    assert locate_folder(session, "github.com/ada") == "github.com/ada"
    assert locate_folder(session, "nowhere") == "nowhere"


def test_what_is_not_there(session: Session, remote: Path, machine: Machine) -> None:
    with pytest.raises(UsageError, match="no branch or tag `featur/x`") as caught:
        locate_folder(session, f"file://{remote}#featur/x")
    assert caught.value.hint == "Did you mean `feature/x`?"
    with pytest.raises(UsageError, match="has no folder `nothing`"):
        locate_folder(session, f"file://{remote}#:nothing")
    with pytest.raises(NetworkError, match="git cannot clone") as failed:
        locate_folder(session, f"file://{remote}-gone")
    assert "does not exist" in failed.value.detail or "not appear to be a git" in failed.value.detail
    left = [name for _, names, _ in os.walk(f"{machine.directories.data}/repositories") for name in names]
    assert not [name for name in left if name.endswith(".half")]
    with pytest.raises(UsageError, match="not cloned here yet"):
        locate_folder(session, f"file://{remote}#v1", clone=False)
    session.settings = Settings(offline=True)
    with pytest.raises(NetworkError, match="is not cloned here"):
        locate_folder(session, f"file://{remote}#v1")


def test_a_link_does_not_lead_out(git: Git, session: Session, remote: Path) -> None:
    (remote / "out").symlink_to("/etc")
    git(remote, "add", ".")
    git(remote, "commit", "-qm", "out")
    with pytest.raises(UsageError, match="has no folder `out`"):
        locate_folder(session, f"file://{remote}#:out")


def test_without_git(session: Session, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigurationError, match="git, which is not installed"):
        locate_folder(session, f"file://{remote}")


def test_a_page_asks_the_remote_which_branch_it_is(session: Session, remote: Path) -> None:
    from cove.workspace.clone import _settle_ref

    source = GitSource(f"file://{remote}", tree="feature/x/src")
    settled = _settle_ref(session, source)
    assert (settled.ref, settled.folder) == ("feature/x", "src")


def test_words_of_git() -> None:
    url = "https://example.org/nets"
    assert render_steps(GitSource(url), "/p") == [("clone", "--recurse-submodules", "--", url, "/p")]
    assert render_steps(GitSource(url, ref="0123abc"), "/p")[1] == (
        "-C",
        "/p",
        "checkout",
        "--detach",
        "0123abc",
    )


def test_removed_when_nothing_is_lost(session: Session, remote: Path, tmp_path: Path) -> None:
    found = locate_folder(session, f"file://{remote}#:src")
    with open(f"{found}/new.py", "w"):
        pass
    assert "1 file is not committed: src/new.py" in remove_clone(session, found, ())
    os.unlink(f"{found}/new.py")
    beside = os.path.dirname(found)
    assert "another workspace is in it" in remove_clone(session, found, (beside,))
    assert remove_clone(session, found, (f"{beside}-other",)) == "removed"
    assert not os.path.exists(beside)
    assert remove_clone(session, str(tmp_path), ()) == "", "a person's own folder"


def test_what_is_no_longer_the_clone_stays(session: Session, remote: Path, tmp_path: Path) -> None:
    found = locate_folder(session, f"file://{remote}")
    os.rename(f"{found}/.git", tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", f"{found}/.git")
    assert remove_clone(session, found, ()) == f"{found} stays: it is not the clone that was made"
    assert os.path.isdir(found)


def test_a_request_has_nothing_of_its_own(session: Session, remote: Path) -> None:
    found = locate_folder(session, f"file://{remote}#pull/5")
    assert remove_clone(session, found, ()) == "removed"


def test_given_to_the_person_behind_sudo(
    session: Session, remote: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(os, "lchown", lambda path, uid, gid: given.update({path: (uid, gid)}))
    session.machine = machine._replace(is_root=True, owner=Owner(1234, 1235))
    locate_folder(session, f"file://{remote}")
    assert set(given.values()) == {(1234, 1235)}
    assert {"", ".git/HEAD", "src/Dockerfile"} <= {path.partition(".half/")[2] for path in given}
