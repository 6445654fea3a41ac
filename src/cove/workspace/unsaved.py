"""What a clone holds that its remote does not, or a working tree that its repository does not: work lost with it.

A container could write to the clone, so its `.git/config`, its hooks and its filters are a stranger's programs. git is
run with a folder of its own, which has only HEAD, the index and the refs of the clone, and no configuration.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from cove.host.proc import Command, CommandMissing

if TYPE_CHECKING:
    from cove.host.proc import Runner
    from cove.workspace.checkout import Checkout

MADE_AGAIN = frozenset(
    {
        "__pycache__",
        ".venv",
        "node_modules",
        ".ipynb_checkpoints",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
    }
)
"""Folders outside of git that nobody misses."""
UNKNOWN = "git cannot tell what is unsaved"


def read_unsaved(runner: Runner, checkout: Checkout) -> list[str]:
    """Return what would be lost with a checkout, in a person's words; nothing when someone else has it all.

    Of a clone that is its remote; of a further working tree it is the repository, which keeps all branches. What cannot
    be found out counts as a reason to keep it.
    """
    if os.path.lexists(f"{checkout.root}/.gitmodules"):
        return ["it has submodules, which are not looked into"]
    reasons = []
    if not checkout.linked and os.path.lexists(f"{checkout.common}/refs/stash"):
        reasons.append("changes are stashed")
    alone = ("HEAD", "--not", "--branches") if checkout.linked else ("HEAD", "--branches", "--not")
    with tempfile.TemporaryDirectory(prefix="cove-unsaved-") as own:
        try:
            _copy_refs(checkout, own)
        except OSError:
            return [UNKNOWN]
        env = {
            "GIT_DIR": own,
            "GIT_WORK_TREE": checkout.root,
            "GIT_OBJECT_DIRECTORY": f"{checkout.common}/objects",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_OPTIONAL_LOCKS": "0",
        }
        try:
            status = runner.run(
                Command(
                    ("git", "status", "--porcelain", "-z", "--untracked-files=normal", "--ignored=matching"),
                    env=env,
                    cwd=checkout.root,
                )
            )
            ahead = runner.run(Command(("git", "rev-list", "--count", *alone, "--remotes"), env=env))
        except CommandMissing:
            return ["git, which would tell what is unsaved, is not installed"]
    if not status.ok or not ahead.ok:
        return [UNKNOWN]
    return [
        *reasons,
        *describe_status(status.stdout),
        *_describe_ahead(ahead.stdout, "on no branch" if checkout.linked else "not pushed"),
    ]


def describe_status(printed: str) -> list[str]:
    r"""Return what `git status --porcelain -z` printed as reasons to keep a clone (git-status, "Short Format").

    >>> describe_status(" M train.py\0?? notes.md\0!! __pycache__/\0")
    ['2 files are not committed: train.py, notes.md']
    """
    entries = [(item[:2], item[3:]) for item in printed.split("\0") if item]
    missed = [
        (mark, name)
        for mark, name in entries
        if mark not in {"!!", "??"} or name.rstrip("/").split("/")[-1] not in MADE_AGAIN
    ]
    changed = [name for mark, name in missed if mark != "!!"]
    ignored = [name for mark, name in missed if mark == "!!"]
    reasons = []
    if changed:
        reasons.append(f"{_count(changed, 'file')} not committed: {_name(changed)}")
    if ignored:
        reasons.append(f"{_count(ignored, 'ignored file')} not in git: {_name(ignored)}")
    return reasons


def _describe_ahead(printed: str, lack: str) -> list[str]:
    commits = printed.strip()
    return [] if commits == "0" else [f"{commits} commits are {lack}"]


def _count(names: list[str], what: str) -> str:
    return f"1 {what} is" if len(names) == 1 else f"{len(names)} {what}s are"


def _name(names: list[str], shown: int = 3) -> str:
    return ", ".join(names[:shown]) + (", …" if len(names) > shown else "")


def _copy_refs(checkout: Checkout, own: str) -> None:
    """Copy what git needs to know where a checkout stands; links are copied as links, and lead nowhere."""
    for folder, names in ((checkout.git, ("HEAD", "index")), (checkout.common, ("packed-refs", "refs"))):
        for name in names:
            source = f"{folder}/{name}"
            if os.path.islink(source):
                continue
            if os.path.isdir(source):
                shutil.copytree(source, f"{own}/{name}", symlinks=True)
            elif os.path.exists(source):
                shutil.copyfile(source, f"{own}/{name}")
    os.makedirs(f"{own}/refs", exist_ok=True)
