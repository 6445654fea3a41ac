"""What the engine cannot hold, in `STATE/ID/`: 0600, disposable, and never believed over the engine.

`record.json` is the last known desk of a workspace: what `exec` needs to reach its container with one engine call.
It names a container id, so the engine itself says when it is out of date.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from cove.host.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cove.host.machine import Machine
    from cove.spec.jsonc import JsonValue


class Record(NamedTuple):
    """A workspace as `up` left it."""

    id: str
    name: str
    folder: str
    config_path: str
    engine: str
    container: str
    user: str
    workspace_folder: str
    """In the container."""
    env: Mapping[str, str | None]
    """What the remote user's processes see beyond the container's own environment: the probed shell environment and
    `remoteEnv`; None for a variable of the container's that they do not see."""
    shell: str
    image: str
    started: str
    """The container's start, as the engine spells it; a restart needs the start hooks again."""
    editor: str = ""
    """`code-server 4.139.1`; empty when none was started."""
    ports: Mapping[str, str] = {}
    """The declared ports of the container, and their labels."""
    port_attributes: Mapping[str, JsonValue] = {}
    """`portsAttributes`, and under `*` `otherPortsAttributes`."""
    secrets_file: str = ""
    """The file that `up` was given; its contents are never kept."""


def state_folder(machine: Machine, workspace_id: str) -> str:
    """Return `STATE/ID`."""
    return f"{machine.directories.state}/{workspace_id}"


def read_record(machine: Machine, workspace_id: str) -> Record | None:
    """Return the record of a workspace, or None if there is none or it is from another version."""
    try:
        with open(f"{state_folder(machine, workspace_id)}/record.json", encoding="utf-8") as file:
            return Record(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None


def write_record(machine: Machine, record: Record) -> None:
    """Write the record of a workspace."""
    folder = state_folder(machine, record.id)

    write_atomic(f"{folder}/record.json", json.dumps(record._asdict()))


def read_records(machine: Machine) -> Iterator[Record]:
    """Return the records of all workspaces."""
    try:
        ids = sorted(os.listdir(machine.directories.state))
    except OSError:
        return
    for workspace_id in ids:
        if record := read_record(machine, workspace_id):
            yield record
