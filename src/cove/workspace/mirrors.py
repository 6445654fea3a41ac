"""Mirrors for builds: configuration files on this machine that build steps are shown."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from cove.settings.mirrors import FILES_AT, render_mirror_files
from cove.spec.run import BuildFile

if TYPE_CHECKING:
    from cove.workspace.session import Session

UNTOLD = "docker's legacy builder cannot be told of the mirrors: its steps ask the indexes they know"


def build_files(session: Session) -> tuple[BuildFile, ...]:
    """Return what the settings' mirrors are to a build, the files written; nothing where the builder cannot show them.

    They lie in the private cache folder, readable for all, since a step may run as any user, and named by their content.
    """
    from cove.host.files import write_atomic

    wanted = render_mirror_files(session.settings)
    if wanted and session.engine.certificate_way == "copy":
        if UNTOLD not in session.progress.warnings:
            session.progress.warn(UNTOLD)
        return ()
    found = []
    for file in wanted:
        digest = hashlib.sha256(file.text.encode()).hexdigest()[:32]
        path = f"{session.machine.directories.cache}/mirrors/{digest}"
        if not os.path.exists(path):
            write_atomic(path, file.text, mode=0o644)
        name = os.path.basename(file.name).replace(".", "-")
        found.append(BuildFile(f"cove-{name}", path, f"{FILES_AT}/{file.name}", file.variable, file.value))
    return tuple(found)
