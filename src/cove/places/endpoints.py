"""The way to each running workspace: `STATE/ID/endpoint.json` (0600), written by `up`, read by the doors."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from cove.places.base import Endpoint

if TYPE_CHECKING:
    from cove.host.machine import Machine


def endpoint_path(machine: Machine, workspace_id: str) -> str:
    """Return `STATE/ID/endpoint.json`."""
    return f"{machine.directories.state}/{workspace_id}/endpoint.json"


def read_endpoint(machine: Machine, workspace_id: str) -> Endpoint | None:
    """Return the way to a workspace; None if it was never up, is being built, or was removed."""
    import json

    try:
        with open(endpoint_path(machine, workspace_id), encoding="utf-8") as file:
            return Endpoint(**json.load(file))
    except (OSError, ValueError, TypeError):  # absent, or written by another version: `up` writes a new one
        return None


def write_endpoint(machine: Machine, endpoint: Endpoint) -> None:
    """Remember the way to a workspace. Raises OSError."""
    import json

    from cove.host.files import write_atomic

    write_atomic(endpoint_path(machine, endpoint.id), json.dumps(endpoint._asdict()))


def remove_endpoint(machine: Machine, workspace_id: str) -> None:
    """Forget the way to a workspace; `up` does so when it begins to build: its link shows that then."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(endpoint_path(machine, workspace_id))
