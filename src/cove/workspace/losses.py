"""What a container holds that goes with it: files changed outside of mounts since its workspace was ready.

What building, starting and lifecycle commands made is there again in the next container; a list of it is kept when the
workspace is ready, and what has come since is the person's.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cove.errors import EngineError, Refused
from cove.host.files import write_atomic
from cove.workspace.records import state_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cove.host.machine import Machine
    from cove.workspace.session import Session

NOBODY_MISSES = re.compile(
    r"^/(tmp|run|proc|sys|dev|var/(tmp|run|cache|log|lib/(apt|dpkg/lock.*)))(/|$)"
    r"|^/etc/(ssl|pki|ca-certificates.*|hosts|hostname|resolv\.conf|mtab|ld\.so\.cache)(/|$)"
    r"|^/etc/(apt/apt\.conf\.d/95cove-proxy|environment|profile)$|^/var/devcontainer(/|$)"
    r"|^/usr/(local/)?share/ca-certificates(/|$)"
    r"|^/opt/cove(/|$)"
    r"|^/(root|home/[^/]+)/(\.cache|\.config/matplotlib|\.devcontainer|\.dotnet|\.gnupg|\.ipython|\.jupyter|\.keras|\.npm"
    r"|\.nv|\.pki|\.triton|\.vscode[^/]*)(/|$)"
    r"|/\.[^/]*_?(history|hist|hsts|hst|lesshst|viminfo)$"
    r"|/(__pycache__|\.ipynb_checkpoints|\.pytest_cache|\.mypy_cache|\.ruff_cache)(/|$)"
)
"""Files that programs make by themselves, what cove adds, and what the engine does."""
SHOWN_PLACES = 5
DEPTH = 3
"""Names of a path that stand for all files below it."""


def keep_baseline(session: Session, workspace_id: str, container: str) -> None:
    """Note what has changed in a container whose workspace is ready: all of it can be had again."""
    try:
        changes = session.engine.changes(container)
    except EngineError:
        return  # without it nothing is known, and nobody is asked
    write_atomic(_path(session.machine, workspace_id), "\n".join((container, *changes)))


def read_losses(session: Session, workspace_id: str, container: str) -> list[str]:
    """Return the files that would go with a container; none where it is not known what it was made with."""
    try:
        with open(_path(session.machine, workspace_id), encoding="utf-8", errors="surrogateescape") as file:
            made_for, *baseline = file.read().split("\n")
    except OSError:
        return []
    if made_for != container:
        return []
    try:
        return choose_losses(session.engine.changes(container), frozenset(baseline))
    except EngineError:
        return []


def choose_losses(changes: Iterable[str], baseline: Collection[str]) -> list[str]:
    """Return the changed files that are not of the baseline and that somebody may miss, sorted.

    >>> choose_losses(["/root", "/root/model.pt", "/root/.bash_history", "/etc/made"], {"/etc/made"})
    ['/root/model.pt']
    """
    paths = sorted(set(changes))
    folders = {os.path.dirname(path) for path in paths}
    return [
        path
        for path in paths
        if path not in baseline and path not in folders and not NOBODY_MISSES.search(path)
    ]


def describe_losses(paths: Iterable[str]) -> str:
    """Return files in a person's words: the places they are in, and how many are in each.

    >>> describe_losses(["/root/a.pt", "/usr/lib/x/1", "/usr/lib/x/2"])
    '/root/a.pt, /usr/lib/x (2 files)'
    """
    places: dict[str, list[str]] = {}
    for path in paths:
        names = path.split("/")
        places.setdefault("/".join(names[: DEPTH + 1]), []).append(path)
    shown = [
        files[0] if len(files) == 1 else f"{place} ({len(files)} files)" for place, files in places.items()
    ]
    more = len(shown) - SHOWN_PLACES
    return ", ".join(shown[:SHOWN_PLACES]) + (f", and {more} more places" if more > 0 else "")


def need_consent_to_lose(session: Session, workspace_id: str, container: str, what: str) -> None:
    """Ask before a container goes in which somebody left something. Raises Refused.

    `what` is what is about to be done, as in "Remove it".
    """
    if session.consent.force:
        return
    losses = read_losses(session, workspace_id, container)
    if losses:
        told = f"changed inside the container since it was made, and lost with it: {describe_losses(losses)}"
        session.consent.need(
            False,
            f"{told[0].upper()}{told[1:]}.\n{what} all the same?",
            Refused(told, hint="Copy it to the workspace's folder first, or add --force."),
        )


def _path(machine: Machine, workspace_id: str) -> str:
    return f"{state_folder(machine, workspace_id)}/baseline"
