"""Workspaces that a page brings up: `cove up` beside the gateway, and what became of it."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from cove.host.files import make_private_directory
from cove.host.proc import Command, start_detached
from cove.workspace.address import read_address
from cove.workspace.records import read_record

if TYPE_CHECKING:
    from cove.host.machine import Machine

LARGEST_LOG = 1 << 16
LINES_SHOWN = 30


class Failure(NamedTuple):
    """Why an `up` ended, as its page shows it."""

    message: str
    detail: str = ""
    hint: str = ""
    refused: bool = False
    """Whether it only lacks the person's trust in the repository."""


class Starts:
    """The `up`s that were begun here, one a workspace."""

    def __init__(self, machine: Machine, words: tuple[str, ...] = ()) -> None:
        self._machine = machine
        # -P: Jupyter's current folder is somebody's repository, and its modules are not to be cove's.
        self._program = words or (sys.executable, "-P", "-m", "cove")
        self._running: dict[str, int] = {}
        self._codes: dict[str, int] = {}

    def begin(self, folder: str, *, trust: bool) -> str:
        """Start `cove up` for a folder, unless one is at work; return the workspace's id.

        Raises ConfigurationError where there is nothing to make a workspace of.
        """
        workspace_id = read_address(folder).id
        if self.code(workspace_id) is None and workspace_id in self._running:
            return workspace_id
        log = self.log_path(workspace_id)
        make_private_directory(os.path.dirname(log))
        with open(log, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)):
            pass  # begun anew
        argv = (*self._program, "up", folder, "--json", *(("--trust",) if trust else ()))
        self._codes.pop(workspace_id, None)
        self._running[workspace_id] = start_detached(Command(argv), log=log)
        return workspace_id

    def code(self, workspace_id: str) -> int | None:
        """Return the exit code of a workspace's `up`; None while it works, or when none was begun."""
        if workspace_id in self._codes:
            return self._codes[workspace_id]
        pid = self._running.get(workspace_id)
        if pid is None:
            return None
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # somebody else has waited for it
            ended, status = pid, 0
        if ended == 0:
            return None
        del self._running[workspace_id]
        self._codes[workspace_id] = os.waitstatus_to_exitcode(status)
        return self._codes[workspace_id]

    def name(self, workspace_id: str) -> str:
        """Return the name of a workspace that is up."""
        record = read_record(self._machine, workspace_id)
        return record.name if record else ""

    def failure(self, workspace_id: str) -> Failure:
        """Return why the last `up` ended."""
        with open(self.log_path(workspace_id), "rb") as file:
            file.seek(max(0, file.seek(0, 2) - LARGEST_LOG))
            return parse_failure(file.read().decode("utf-8", "replace"))

    def log_path(self, workspace_id: str) -> str:
        """Return where an `up` that was begun here writes."""
        return f"{self._machine.directories.state}/gateway/starts/{workspace_id}.log"


def parse_failure(log: str) -> Failure:
    """Return what `cove up --json` says at its end, or the last lines of whatever it wrote."""
    lines = log.strip().splitlines()
    for line in reversed(lines):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and "error" in told:
            return Failure(
                str(told.get("message", "")),
                str(told.get("detail", "")),
                str(told.get("hint", "")),
                told["error"] == "Refused",
            )
    return Failure("`cove up` ended without a word of why", "\n".join(lines[-LINES_SHOWN:]))
