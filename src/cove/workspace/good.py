"""What worked last: an image under a tag of its own, so that no rebuild or prune takes it; and the log of what did not."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import EngineError
from cove.host.files import write_atomic
from cove.spec.merge import render_metadata_label
from cove.workspace.progress import read_work
from cove.workspace.records import state_folder

if TYPE_CHECKING:
    from cove.host.machine import Machine
    from cove.workspace.image import Image
    from cove.workspace.session import Session

KEPT_AS = "localhost/cove/last-good"


class GoodRecord(NamedTuple):
    """The last image of a workspace in which everything worked."""

    image: str
    """Its name on the engine."""
    engine: str
    metadata: str
    """The layers of its container, as in the label `devcontainer.metadata`."""


def keep_good(session: Session, workspace_id: str, image: Image) -> None:
    """Keep the image of a workspace that works, in place of the one before; what is known to fail is past."""
    if image.recovery:
        return
    kept = f"{KEPT_AS}:{workspace_id}"
    try:
        session.engine.tag(image.reference, kept)
    except EngineError as error:
        session.progress.warn(f"the image is not kept for `cove up --recover`: {error.message}")
        return
    record = GoodRecord(kept, session.engine.name, render_metadata_label(image.layers))
    write_atomic(_path(session.machine, workspace_id), json.dumps(record._asdict()))
    with suppress(FileNotFoundError):
        os.unlink(_failed_log(session.machine, workspace_id))


def read_good(machine: Machine, workspace_id: str) -> GoodRecord | None:
    """Return the last good image of a workspace, or None; the engine may not have it any more."""
    try:
        with open(_path(machine, workspace_id), encoding="utf-8") as file:
            return GoodRecord(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None


def write_failed_log(machine: Machine, workspace_id: str) -> None:
    """Keep what the work that has just failed said: the next work begins a log of its own."""
    write_atomic(_failed_log(machine, workspace_id), "\n".join(read_work(machine, workspace_id) or ()) + "\n")


def read_failed_log(machine: Machine, workspace_id: str) -> str:
    """Return what the last work that failed said; of one that was cut off, how far it came."""
    try:
        with open(_failed_log(machine, workspace_id), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return "\n".join(read_work(machine, workspace_id) or ("nothing was built or started yet",)) + "\n"


def _path(machine: Machine, workspace_id: str) -> str:
    return f"{state_folder(machine, workspace_id)}/good.json"


def _failed_log(machine: Machine, workspace_id: str) -> str:
    return f"{state_folder(machine, workspace_id)}/failed.log"
