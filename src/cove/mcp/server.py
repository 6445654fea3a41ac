"""The server: each tool's name, words and description as the protocol has them, around `desks.py`."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from mcp.server.fastmcp import Context, FastMCP  # noqa: TC002 - read at run time, for its place among arguments
from mcp.server.fastmcp.exceptions import ToolError

from cove.errors import CoveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cove.api import Event
    from cove.mcp.desks import Desks

T = TypeVar("T")

INSTRUCTIONS = """\
Workspaces are containers in which repositories are built, run and tested. `list_workspaces` tells which may be used and how.
Run everything that belongs to a repository with `exec` in its workspace, not on the machine: the tools and packages are there.
A branch of a repository is a workspace of its own: `up` with `branch`."""


def make_server(desks: Desks) -> FastMCP:
    """Return a server whose tools use these workspaces; it is run with `run("stdio")`."""
    server = FastMCP("cove", instructions=INSTRUCTIONS, log_level="WARNING")

    @server.tool()
    async def list_workspaces() -> str:
        """List the workspaces that may be used: name, folder, state, and the tools that are allowed on each."""
        return await _answer(desks.list_workspaces)

    @server.tool()
    async def up(context: Context[Any, Any, Any], workspace: str, branch: str = "") -> str:
        """Build and start a workspace, or find the one that runs. May take minutes.

        workspace: a name that list_workspaces gave, or the absolute folder of a repository.
        branch: open this branch of the repository in a workspace and a folder of its own; a new one begins where the
        repository stands.
        """

        def tell(event: Event) -> None:
            if event.kind in {"begin", "note", "warn"}:
                anyio.from_thread.run(context.info, event.text)

        return await _answer(partial(desks.up, workspace, branch, tell))

    @server.tool()
    async def exec(  # noqa: A001 - the name it has everywhere in cove
        workspace: str, command: list[str], stdin: str = "", workdir: str = "", timeout_seconds: float = 600
    ) -> str:
        """Run a command in a workspace and return its exit code, stdout and stderr.

        command: the program and its arguments; for a shell's words ["sh", "-c", "…"].
        workdir: a folder in the container; empty: the repository's. Of long output the end is returned.
        """
        call = partial(desks.exec, workspace, command, stdin=stdin, workdir=workdir, seconds=timeout_seconds)
        return await _answer(call)

    @server.tool()
    async def logs(workspace: str, lines: int = 200) -> str:
        """Return the last lines of a workspace's last build and start."""
        return await _answer(partial(desks.logs, workspace, lines))

    @server.tool()
    async def ports(workspace: str) -> str:
        """Return the ports of a workspace: declared or listening, with label and protocol."""
        return await _answer(partial(desks.ports, workspace))

    @server.tool()
    async def stop(workspace: str) -> str:
        """Stop a workspace; its files stay, and `up` starts it again."""
        return await _answer(partial(desks.stop, workspace))

    @server.tool()
    async def gpus() -> str:
        """Return the GPUs of the machine: memory, use, and which workspace holds each."""
        return await _answer(desks.gpus)

    return server


async def _answer(call: Callable[[], T]) -> str:
    """Return as JSON what a call returns, made in a thread; what a person could act on goes back as the tool's error."""
    try:
        return json.dumps(await anyio.to_thread.run_sync(call), ensure_ascii=False)
    except CoveError as error:
        raise ToolError(
            "\n".join(part for part in (error.message, error.hint, error.detail) if part)
        ) from error
