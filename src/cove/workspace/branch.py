"""Desks side by side: a branch of a repository in a folder of its own, a working tree that git links to the main one.

The branch and its commits stay the repository's; only files that are not committed are the working tree's alone. git is
run without the hooks and filters that the repository's own configuration names: a container can write that.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, UsageError
from cove.host.files import locked, make_private_directory, remove_tree
from cove.host.proc import Command, CommandMissing
from cove.spec.identity import render_name
from cove.workspace.address import is_cloned
from cove.workspace.checkout import read_checkout
from cove.workspace.unsaved import read_unsaved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.host.machine import Machine
    from cove.host.proc import Outcome
    from cove.workspace.checkout import Checkout
    from cove.workspace.session import Session

SAFE = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.sshCommand=false"),
    *("-c", "safe.directory=*"),
)
"""Words before every command: no program of the repository's, whoever owns it."""
LOCK_REASON = "opened by cove; in its container the path is another"


class Desk(NamedTuple):
    """Where a branch is checked out."""

    folder: str
    """The folder to open: that part of the working tree that was asked for."""
    name: str
    """For the workspace: `REPOSITORY-BRANCH`."""


class Worktree(NamedTuple):
    """A working tree as git lists it."""

    path: str
    branch: str
    """Empty while none is checked out."""
    unfinished: bool
    """git was killed while it checked the files out: nobody has worked there."""


class Start(NamedTuple):
    """How a new working tree begins: git's options, a commit or branch, and what a person is told."""

    options: tuple[str, ...]
    commit: str
    told: str


def worktrees_folder(machine: Machine) -> str:
    """Return the folder of the working trees that cove made."""
    return os.path.realpath(f"{machine.directories.data}/worktrees")


def is_branch_folder(machine: Machine, folder: str) -> bool:
    """Return whether a workspace's folder lies in a working tree that cove made."""
    return folder.startswith(f"{worktrees_folder(machine)}/")


def open_branch(session: Session, folder: str, branch: str) -> Desk:
    """Return where a branch of the repository around a folder is checked out; where it is not yet, check it out.

    In this order: a working tree that has the branch; a new one of that branch, or of the remote's; a new branch that
    begins where the folder stands. Raises UsageError for a folder that is no repository's, or a name that is no branch's.
    """
    folder = os.path.realpath(os.path.join(session.machine.cwd, folder))
    checkout = read_checkout(folder)
    if checkout is None:
        raise UsageError(f"{folder} is in no git repository", hint="--branch needs one.")
    if is_cloned(session.machine, folder):
        raise UsageError(
            f"{folder} is a clone that cove keeps", hint="Name the branch in its URL: `cove up URL#BRANCH`."
        )
    inner = os.path.relpath(folder, checkout.root)
    repository = os.path.basename(checkout.repository).removesuffix(".git")
    name = render_name(f"{repository if inner == '.' else os.path.basename(folder)}-{branch}")
    base = make_private_directory(worktrees_folder(session.machine))
    with locked(
        f"{base}/.lock", on_wait=lambda: session.progress.note("another branch is being opened; waiting")
    ):
        root = _find(session, checkout, branch)
        if not root:
            root = _check_out(session, checkout, branch, f"{base}/{_place(checkout)}/{repository}")
    return Desk(os.path.normpath(os.path.join(root, inner)), name)


def _find(session: Session, checkout: Checkout, branch: str) -> str:
    """Return the folder that has a branch, empty where none has; one of cove's whose making was cut off is removed."""
    listed = parse_worktrees(_git(session, checkout, "worktree", "list", "--porcelain", "-z").stdout)
    found = next((one for one in listed if one.branch == branch and os.path.isdir(one.path)), None)
    if found and found.unfinished and is_branch_folder(session.machine, found.path):
        _git(session, checkout, "worktree", "remove", "--force", "--force", "--", found.path)
        return ""
    return found.path if found else ""


def parse_worktrees(printed: str) -> list[Worktree]:
    r"""Return the working trees, as `git worktree list --porcelain -z` prints them.

    >>> parse_worktrees("worktree /w/nets\0HEAD 1f\0branch refs/heads/main\0\0worktree /w/x\0HEAD 2e\0detached\0\0")
    [Worktree(path='/w/nets', branch='main', unfinished=False), Worktree(path='/w/x', branch='', unfinished=False)]
    """
    found = []
    for entry in printed.split("\0\0"):
        words = dict(line.partition(" ")[::2] for line in entry.split("\0") if line)
        if "worktree" in words:
            branch = words.get("branch", "").removeprefix("refs/heads/")
            found.append(Worktree(words["worktree"], branch, words.get("locked") == "initializing"))
    return found


def _place(checkout: Checkout) -> str:
    from hashlib import sha256

    return sha256(checkout.common.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _check_out(session: Session, checkout: Checkout, branch: str, stem: str) -> str:
    """Make the working tree of a branch and return its folder."""
    if not _git(session, checkout, "check-ref-format", "--branch", branch, check=False).ok:
        raise UsageError(f"`{branch}` is no name of a branch", hint="See git-check-ref-format(1).")
    path = _free_path(f"{stem}-{render_name(branch)}")
    start = _choose_start(session, checkout, branch)
    add = ("worktree", "add", *start.options, "--", path, start.commit)
    with session.progress.step("branch", f"checking out {branch}"):
        _git(session, checkout, "worktree", "prune")
        try:
            _git(session, checkout, *_render_filters(session, checkout), *add)
            _git(session, checkout, "worktree", "lock", "--reason", LOCK_REASON, "--", path)
            _give_to_owner(session.machine, checkout, path)
        except BaseException:
            remove_tree(path)
            raise
    session.progress.note(f"{start.told}: {path}")
    return path


def _choose_start(session: Session, checkout: Checkout, branch: str) -> Start:
    heads = _git(
        session, checkout, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"
    ).stdout
    refs = heads.split("\n")
    if f"refs/heads/{branch}" in refs:
        return Start((), branch, f"{branch} is checked out")
    remotes = [ref for ref in refs if ref.startswith("refs/remotes/") and ref.split("/", 3)[-1] == branch]
    if len(remotes) == 1:
        remote = remotes[0].removeprefix("refs/remotes/")
        return Start(("--track", "-b", branch), remote, f"{branch} follows {remote}")
    begins = _git(session, checkout, "rev-parse", "--verify", "HEAD", check=False).stdout.strip()
    if not begins:
        raise UsageError(f"{checkout.root} has no commit yet", hint="A branch begins at a commit: make one.")
    whence = f"{checkout.branch} ({begins[:10]})" if checkout.branch else begins[:10]
    return Start(("--no-track", "-b", branch), begins, f"new branch {branch} from {whence}")


def _render_filters(session: Session, checkout: Checkout) -> list[str]:
    """Return the words that switch off the filters of the repository's own configuration; the person's stay."""
    asked = ("config", "--local", "--name-only", "--null", "--get-regexp", r"^filter\.")
    words = []
    for key in _git(session, checkout, *asked, check=False).stdout.split("\0"):
        stem, _, variable = key.rpartition(".")
        if stem and variable in {"smudge", "process", "clean"}:
            words += ["-c", f"{stem}.{variable}=", "-c", f"{stem}.required=false"]
    return words


def _free_path(path: str) -> str:
    """Return a path that is not taken: two branches may have one name as a folder."""
    found, number = path, 1
    while os.path.lexists(found):
        number += 1
        found = f"{path}-{number}"
    os.makedirs(os.path.dirname(found), mode=0o700, exist_ok=True)
    return found


def _git(session: Session, checkout: Checkout, *words: str, check: bool = True) -> Outcome:
    env = {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        outcome = session.runner.run(Command(("git", *SAFE, *words), env=env, cwd=checkout.root))
    except CommandMissing as error:
        raise ConfigurationError("--branch needs git, which is not installed", hint="Install git.") from error
    if check and not outcome.ok:
        verb = next(word for word in words if not word.startswith("-") and "=" not in word)
        raise ConfigurationError(
            f"`git {verb}` does not work in {checkout.root}",
            detail=outcome.last_lines(),
            hint="Try it there.",
        )
    return outcome


def _give_to_owner(machine: Machine, checkout: Checkout, path: str) -> None:
    """Give to the repository's owner what root made: the files, and what git noted of them."""
    if not machine.is_root:
        return
    owner = os.stat(checkout.common)
    if owner.st_uid == 0:
        return
    for top in (path, f"{checkout.common}/worktrees", f"{checkout.common}/refs", f"{checkout.common}/logs"):
        for folder, _, files in os.walk(top):
            for name in ("", *files):
                one = os.path.join(folder, name)
                if os.lstat(one).st_uid == 0:
                    os.lchown(one, owner.st_uid, owner.st_gid)


def remove_branch_folder(session: Session, folder: str, others: Sequence[str]) -> str:
    """Remove the working tree that holds a workspace's folder, unless something in it would be lost.

    `others` are the folders of other workspaces. The branch stays. Returns `removed`, or why the files stay; empty
    where cove made no working tree.
    """
    checkout = read_checkout(folder) if is_branch_folder(session.machine, folder) else None
    if checkout is None or not checkout.linked:
        return ""
    if any(f"{other}/".startswith(f"{checkout.root}/") for other in others):
        return f"{checkout.root} stays: another workspace is in it"
    if unsaved := read_unsaved(session.runner, checkout):
        return f"{checkout.root} stays: {', '.join(unsaved)}"
    remove_tree(checkout.root)
    remove_tree(checkout.git)
    return "removed"
