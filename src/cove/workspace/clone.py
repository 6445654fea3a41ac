"""Repositories opened by URL: cloned once, below `DATA/repositories`, and theirs who opened them from then on.

What such a repository's container runs is a stranger's until the person says otherwise: these workspaces are isolated.
No git is ever run on this machine in a clone that a container could write, but for `workspace/unsaved.py`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.errors import ConfigurationError, NetworkError, UsageError
from cove.host.files import locked, make_private_directory, remove_tree
from cove.host.proc import Command, CommandMissing
from cove.spec.git_source import (
    parse_git_source,
    render_folder,
    render_title,
    request_branch,
    split_tree,
    unknown_ref,
)
from cove.workspace.address import clones_folder, is_cloned
from cove.workspace.checkout import read_checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cove.host.machine import Machine
    from cove.spec.git_source import GitSource
    from cove.workspace.session import Session

ASK_SECONDS = 60.0
"""Patience for a remote that is asked for its refs."""


def fetch_folder(session: Session, word: str, *, clone: bool = True) -> str:
    """Return the folder that a git URL means; one that is new here is cloned first. Any other word is returned as it is.

    A clone that is there is taken as it is: what is newer at its remote comes by the person's own `git pull`.
    Raises UsageError for a ref or folder that is not there, NetworkError when git cannot clone.
    """
    source = parse_git_source(word)
    if source is None:
        return word
    known = find_clone(session.machine, source)
    if known is None:
        if not clone:
            raise UsageError(f"{source.url} is not cloned here yet", hint="`cove up` clones it.")
        if session.settings.offline:
            raise NetworkError(f"{source.url} is not cloned here", hint="Leave out --offline once.")
        known = _clone(session, source)
    else:
        session.progress.note(
            f"the clone of {source.url} is in {known[0]}; `git pull` there brings what is new"
        )
    path, folder = known
    inside = os.path.realpath(f"{path}/{folder}")
    if not f"{inside}/".startswith(f"{path}/") or not os.path.isdir(inside):
        raise UsageError(f"{render_title(source)} has no folder `{folder}`", hint=f"The clone is in {path}.")
    return inside


def find_clone(machine: Machine, source: GitSource) -> tuple[str, str] | None:
    """Return the path of a clone that is there already, and the folder in it that is meant, asking no remote."""
    for candidate in _readings(source):
        path = f"{clones_folder(machine)}/{render_folder(candidate)}"
        if os.path.isdir(f"{path}/.git"):
            return path, candidate.folder
    return None


def _readings(source: GitSource) -> Iterator[GitSource]:
    """Return what a source can mean: of a page's branch and folder, the longest branch first."""
    names = source.tree.split("/")
    if not source.tree:
        yield source
        return
    for length in range(len(names), 0, -1):
        yield source._replace(tree="", ref="/".join(names[:length]), folder="/".join(names[length:]))


def _clone(session: Session, source: GitSource) -> tuple[str, str]:
    if source.ref or source.tree:
        source = _settle_ref(session, source)
    path = f"{clones_folder(session.machine)}/{render_folder(source)}"
    lock = f"{make_private_directory(clones_folder(session.machine))}/.lock"
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with (
        locked(lock, on_wait=lambda: session.progress.note("another repository is being cloned; waiting")),
        session.progress.step("clone", f"cloning {render_title(source)}") as step,
    ):
        if os.path.isdir(f"{path}/.git"):  # by another `up` meanwhile
            return path, source.folder
        half = f"{path}.half"
        remove_tree(half)
        try:
            for words in render_steps(source, half):
                _git(session, source, words, step.line)
            _give_to_owner(session.machine, half)
            os.rename(half, path)
        except BaseException:
            remove_tree(half)
            raise
    session.progress.note(f"cloned into {path}")
    return path, source.folder


def render_steps(source: GitSource, path: str) -> list[tuple[str, ...]]:
    """Return git's words, one command each, to have a source in a folder that is not there yet."""
    clone = ("clone", "--recurse-submodules")
    if source.request:
        branch = request_branch(source)
        return [
            ("clone", "--no-checkout", "--", source.url, path),
            ("-C", path, "fetch", "origin", f"{source.request}:refs/remotes/origin/{branch}"),
            ("-C", path, "checkout", "--no-track", "-b", branch, f"origin/{branch}"),
            ("-C", path, "submodule", "update", "--init", "--recursive"),
        ]
    if source.may_be_commit:
        return [
            ("clone", "--no-checkout", "--", source.url, path),
            ("-C", path, "checkout", "--detach", source.ref),
            ("-C", path, "submodule", "update", "--init", "--recursive"),
        ]
    if source.ref:
        return [(*clone, "--branch", source.ref, "--", source.url, path)]
    return [(*clone, "--", source.url, path)]


def _settle_ref(session: Session, source: GitSource) -> GitSource:
    """Return the source with a ref that the remote has, asking it. Raises UsageError, NetworkError."""
    listed = _git(session, source, ("ls-remote", "--heads", "--tags", "--", source.url), timeout=ASK_SECONDS)
    names = (line.partition("\t")[2] for line in listed.splitlines())
    refs = tuple(
        name.removeprefix("refs/heads/").removeprefix("refs/tags/")
        for name in names
        if name.startswith("refs/") and not name.endswith("^{}")
    )
    if source.tree:
        source = split_tree(source, refs)
    if source.ref not in refs and not source.may_be_commit:
        raise unknown_ref(source, source.ref, refs)
    return source


def _git(
    session: Session,
    source: GitSource,
    words: Sequence[str],
    on_line: Callable[[str], None] | None = None,
    *,
    timeout: float | None = None,
) -> str:
    # Where nobody sits at a terminal, git must not wait for a name and a password.
    env = {"LC_ALL": "C.UTF-8"} | ({} if session.consent.ask else {"GIT_TERMINAL_PROMPT": "0"})
    command = Command(("git", *words), env=env, timeout=timeout)
    try:
        outcome = session.runner.stream(command, on_line) if on_line else session.runner.run(command)
    except CommandMissing as error:
        raise ConfigurationError("a URL needs git, which is not installed", hint="Install git.") from error
    if not outcome.ok:
        raise NetworkError(
            f"git cannot clone {render_title(source)}",
            hint="Try `git ls-remote URL`: what git needs to know of proxies and credentials, it is told there.",
            detail=outcome.last_lines(),
        )
    return outcome.stdout


def _give_to_owner(machine: Machine, path: str) -> None:
    """Give a clone that root made to the person behind sudo."""
    if not machine.is_root or machine.owner.uid == 0:
        return
    for folder, _, files in os.walk(path):
        for name in ("", *files):
            os.lchown(os.path.join(folder, name), *machine.owner)


def remove_clone(session: Session, folder: str, others: Sequence[str]) -> str:
    """Remove the clone that holds a workspace's folder, unless something in it would be lost.

    `others` are the folders of other workspaces. Returns `removed`, or why it stays; empty where there is no clone.
    """
    if not is_cloned(session.machine, folder):
        return ""
    checkout = read_checkout(folder)
    if checkout is None or checkout.linked or not is_cloned(session.machine, checkout.root):
        return f"{folder} stays: it is not the clone that was made"
    path = checkout.root
    if any(f"{other}/".startswith(f"{path}/") for other in others):
        return f"{path} stays: another workspace is in it"
    from cove.workspace.unsaved import read_unsaved

    if unsaved := read_unsaved(session.runner, checkout):
        return f"{path} stays: {', '.join(unsaved)}"
    remove_tree(path)
    return "removed"
