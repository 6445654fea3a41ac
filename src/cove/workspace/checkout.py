"""What git keeps of a folder, read from its files alone: no git is run, so no program that a repository names."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

LONGEST = 4096
"""Bytes of a file that holds one path or one ref."""
HEADS = "ref: refs/heads/"


class Checkout(NamedTuple):
    """A folder that git keeps, alone or as one of a repository's several working trees (gitrepository-layout(5))."""

    root: str
    """The folder that holds `.git`."""
    git: str
    """git's folder of this checkout: HEAD and index are there."""
    common: str
    """git's folder of the repository: objects and branches are there; the same as `git` for the main checkout."""
    branch: str
    """Empty while no branch is checked out."""

    @property
    def linked(self) -> bool:
        """Whether it is a further working tree of a repository whose main folder is elsewhere."""
        return self.git != self.common

    @property
    def repository(self) -> str:
        """The main folder of the repository; of a bare one git's own."""
        head, name = os.path.split(self.common)
        return head if name == ".git" else self.common


def read_checkout(folder: str) -> Checkout | None:
    """Return what git keeps at or above a folder; None where it keeps nothing, or what is there leads astray.

    A `.git` file may name any folder of this machine. It is believed only if that folder names this one back: nobody
    but the repository's own git writes there (git-worktree(1), "DETAILS").
    """
    root = os.path.realpath(folder)
    while not os.path.lexists(f"{root}/.git"):
        above = os.path.dirname(root)
        if above == root:
            return None
        root = above
    git = f"{root}/.git"
    if os.path.isdir(git):
        return Checkout(root, git, git, _branch(git)) if not os.path.islink(git) else None
    return _read_linked(root, _read(git))


def _read_linked(root: str, said: str) -> Checkout | None:
    if not said.startswith("gitdir: "):
        return None
    git = os.path.realpath(os.path.join(root, said.removeprefix("gitdir: ")))
    common = os.path.realpath(os.path.join(git, _read(f"{git}/commondir") or "."))
    back = os.path.realpath(os.path.join(git, _read(f"{git}/gitdir") or "."))
    if back != f"{root}/.git" or os.path.dirname(git) != f"{common}/worktrees":
        return None
    if not (os.path.isdir(f"{common}/objects") and os.path.isfile(f"{common}/HEAD")):
        return None
    return Checkout(root, git, common, _branch(git))


def _branch(git: str) -> str:
    head = _read(f"{git}/HEAD")
    return head.removeprefix(HEADS) if head.startswith(HEADS) else ""


def _read(path: str) -> str:
    """Return a short file; empty for what is none. A container may have put a pipe there, which would never end."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        return os.fsdecode(os.read(handle, LONGEST)).rstrip("\n")
    except OSError:
        return ""
    finally:
        os.close(handle)
