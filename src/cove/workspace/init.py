"""init: the configuration that fits a repository, written into it; what is there already is never overwritten unasked."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, Refused
from cove.spec.locations import CONFIGURATION_PLACES, DOCKERFILE_NAMES
from cove.spec.recipe import render_configuration, render_dockerfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.host.machine import Machine
    from cove.spec.infer import Inferred
    from cove.workspace.session import Session

MARK = "Written by `cove init`"
FOOTNOTE = "It is yours to change; `cove init` shows what it would write today."
PLACE = ".devcontainer"


class Proposal(NamedTuple):
    """What `cove init` would write, beside what is there."""

    folder: str
    files: Mapping[str, str]
    """New texts by path, relative to the folder; what is there like this already is left out."""
    changed: tuple[str, ...]
    """Those of them that are there with another text."""
    diff: str
    """Of the changed ones, unified."""
    reasons: tuple[str, ...]


def propose(machine: Machine, folder: str) -> Proposal:
    """Return what fits a repository. Raises ConfigurationError where somebody wrote a configuration already."""
    from cove.workspace.inference import read_inferred

    folder = os.path.realpath(os.path.join(machine.cwd, folder))
    if not os.path.isdir(folder):
        raise ConfigurationError(f"the folder {folder} does not exist", hint="Name the repository's folder.")
    check_free(folder)
    inferred = read_inferred(folder)
    wanted = render_files(inferred, os.path.basename(folder))
    there = {path: _read_text(f"{folder}/{path}") for path in wanted}
    return plan_proposal(folder, wanted, there, inferred.reasons)


def check_free(folder: str) -> None:
    """Raise ConfigurationError where a configuration is that `cove init` did not write."""
    places = [*CONFIGURATION_PLACES, *DOCKERFILE_NAMES]
    if os.path.isdir(f"{folder}/{PLACE}"):
        places += [f"{PLACE}/{name}/devcontainer.json" for name in sorted(os.listdir(f"{folder}/{PLACE}"))]
        places.append(f"{PLACE}/Dockerfile")
    for place in places:
        text = _read_text(f"{folder}/{place}")
        if text is not None and MARK not in text:
            raise ConfigurationError(
                f"{folder} has a configuration already: {place}", hint="`cove up` uses it as it is."
            )


def render_files(inferred: Inferred, name: str) -> dict[str, str]:
    """Return the texts of devcontainer.json and Dockerfile by their paths in the repository. Pure."""
    configuration = render_configuration(inferred, name, extensions=True)
    return {
        f"{PLACE}/devcontainer.json": f"// {MARK}. {FOOTNOTE}\n{configuration}",
        f"{PLACE}/Dockerfile": f"# {MARK}. {FOOTNOTE}\n\n{render_dockerfile(inferred, own_user=True)}",
    }


def plan_proposal(
    folder: str, wanted: Mapping[str, str], there: Mapping[str, str | None], reasons: tuple[str, ...]
) -> Proposal:
    """Return the difference between what is wanted and what is there, None meaning: no such file. Pure."""
    files = {path: text for path, text in wanted.items() if there.get(path) != text}
    changed = tuple(path for path in files if there.get(path) is not None)
    diff = "".join(
        line
        for path in changed
        for line in difflib.unified_diff(
            (there[path] or "").splitlines(keepends=True),
            files[path].splitlines(keepends=True),
            f"{path} (as it is)",
            f"{path} (as it would be)",
        )
    )
    return Proposal(folder, files, changed, diff, reasons)


def write_proposal(session: Session, proposal: Proposal) -> None:
    """Write the files of a proposal; those that are there with another text only with consent. Raises Refused."""
    from cove.host.files import write_atomic
    from cove.workspace.read import read_owner

    if proposal.changed:
        session.consent.need(
            session.consent.force,
            f"{proposal.diff}\nWrite this?",
            Refused(
                f"{' and '.join(proposal.changed)} would change",
                hint="Look at the difference above; --force writes it.",
                detail=proposal.diff,
            ),
        )
    owner = read_owner(session.machine, proposal.folder)
    for path, text in proposal.files.items():
        full = f"{proposal.folder}/{path}"
        new = not os.path.isdir(os.path.dirname(full))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        write_atomic(full, text, mode=0o644)
        if session.machine.is_root:
            for made in (os.path.dirname(full), full) if new else (full,):
                os.chown(made, owner.uid, owner.gid)


def _read_text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(f"cannot read it: {error.strerror}", path=path) from error
