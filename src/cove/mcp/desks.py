"""What the tools do: the calls of cove's Python interface, bounded by the grants, with answers as JSON values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cove import api
from cove.errors import NotFound, Refused
from cove.mcp.grants import Subject, allows, granted
from cove.workspace.checkout import read_checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cove.api import Event, Workspace
    from cove.mcp.grants import Grant

LONGEST_OUTPUT = 50_000
"""Characters of each stream that an answer has; of a longer one its end, where errors are."""
LONGEST_SECONDS = 3600.0


class Desks:
    """The workspaces that an agent may use, and what it may do there."""

    def __init__(self, grants: Sequence[Grant], *, engine: str = "") -> None:
        self._grants = tuple(grants)
        self._engine = engine

    def list_workspaces(self) -> list[dict[str, Any]]:
        """Return the workspaces of which anything is granted, with what."""
        found = []
        for workspace in api.workspaces():
            subject = _subject(workspace.name, workspace.folder)
            if tools := granted(self._grants, subject):
                found.append({**_describe(workspace), "state": workspace.state, "allowed": tools})
        return found

    def up(self, where: str, branch: str, on_event: Callable[[Event], object]) -> dict[str, Any]:
        """Bring up a workspace that is known by name, or a folder that is granted; see `cove.up`.

        What a repository asks of the machine is never consented to here. Raises every CoveError.
        """
        folder = os.path.realpath(where) if "/" in where or not where else self._find(where).folder
        self._need(_subject(os.path.basename(folder), folder), "up")
        workspace = api.up(folder, branch=branch, engine=self._engine, on_event=on_event)
        return {**_describe(workspace), "created": workspace.created}

    def exec(
        self, where: str, argv: Sequence[str], *, stdin: str, workdir: str, seconds: float
    ) -> dict[str, Any]:
        """Run a command in a workspace to its end and return its exit code and what it wrote. Raises CoveError."""
        workspace = self._allowed(where, "exec")
        timeout = min(max(seconds, 1.0), LONGEST_SECONDS)
        done = workspace.exec(argv, check=False, stdin=stdin, workdir=workdir, timeout=timeout)
        return {"exitCode": done.code, "stdout": _end(done.stdout), "stderr": _end(done.stderr)}

    def logs(self, where: str, lines: int) -> list[str]:
        """Return the last lines of a workspace's last build and start. Raises CoveError."""
        return self._allowed(where, "logs").logs()[-max(lines, 1) :]

    def ports(self, where: str) -> list[dict[str, Any]]:
        """Return the ports of a workspace. Raises CoveError."""
        return [port._asdict() for port in self._allowed(where, "ports").ports()]

    def stop(self, where: str) -> dict[str, Any]:
        """Stop a workspace; its files stay. Raises CoveError."""
        workspace = self._allowed(where, "stop")
        workspace.stop()
        return _describe(workspace)

    def gpus(self) -> dict[str, Any]:
        """Return the GPUs of the machine and who holds them. Raises CoveError."""
        return api.gpus()

    def _allowed(self, where: str, tool: str) -> Workspace:
        workspace = self._find(where)
        self._need(_subject(workspace.name, workspace.folder), tool)
        return workspace

    def _find(self, where: str) -> Workspace:
        """Return a workspace by name or folder; one of which nothing is granted is as if it were not there."""
        try:
            workspace = api.find(where or None, engine=self._engine)
        except NotFound:
            workspace = None
        if workspace is None or not granted(self._grants, _subject(workspace.name, workspace.folder)):
            raise NotFound(f"no workspace `{where}`", hint="`list_workspaces` names those that may be used.")
        return workspace

    def _need(self, subject: Subject, tool: str) -> None:
        if not allows(self._grants, subject, tool):
            raise Refused(
                f"`{tool}` is not granted for {subject.folder or subject.name}",
                hint=f"The person grants it where the server is started: `cove mcp --allow {subject.name}={tool}`.",
            )


def _subject(name: str, folder: str) -> Subject:
    checkout = read_checkout(folder) if folder else None
    return Subject(name, folder, checkout.repository if checkout else "")


def _describe(workspace: Workspace) -> dict[str, Any]:
    return {
        "name": workspace.name,
        "folder": workspace.folder,
        "engine": workspace.engine,
        "user": workspace.user,
        "workspaceFolder": workspace.workspace_folder,
    }


def _end(text: str) -> str:
    if len(text) <= LONGEST_OUTPUT:
        return text
    return f"… {len(text) - LONGEST_OUTPUT} characters are left out …\n{text[-LONGEST_OUTPUT:]}"
