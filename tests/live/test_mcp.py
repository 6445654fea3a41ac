"""An agent: a client of the protocol's official SDK drives a workspace from its start to a test's result."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client.stdio import stdio_client
from testbed.workspace import BASE, write_files

from mcp import ClientSession, StdioServerParameters

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

pytestmark = [
    pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True),
    pytest.mark.full("branches"),
]
FILES = {
    "Dockerfile": f"FROM {BASE}\n",
    "net.py": "def width():\n    return 1\n",
    "test_net.py": "import unittest, net\n\n\nclass Net(unittest.TestCase):\n"
    "    def test_width(self):\n        self.assertEqual(net.width(), 2)\n",
}


async def drive(cove: Cove, nets: Path, other: Path) -> None:
    allow = ("--allow", f"{nets}=up,exec,logs,ports", "--allow", f"{other}=up")
    server = StdioServerParameters(
        command=cove.program[0], args=[*cove.program[1:], "mcp", *allow], env=cove.environment()
    )
    said: list[str] = []

    async def hear(params: Any) -> None:
        said.append(params.data)

    async with stdio_client(server) as wires, ClientSession(*wires, logging_callback=hear) as agent:
        await agent.initialize()

        async def call(tool: str, **words: Any) -> Any:
            answer = await agent.call_tool(tool, words)
            text = answer.content[0].text
            return text if answer.isError else json.loads(text)

        assert await call("list_workspaces") == []
        opened = await call("up", workspace=str(nets))
        assert (opened["name"], opened["created"]) == ("nets", True), opened
        assert any("Dockerfile" in line for line in said)
        test = ["python3", "-m", "unittest", "-q"]
        failed = await call("exec", workspace="nets", command=test)
        assert failed["exitCode"] == 1
        assert "AssertionError: 1 != 2" in failed["stderr"]
        branch = (await call("up", workspace=str(nets), branch="wider"))["name"]
        mend = ["sed", "-i", "s/return 1/return 2/", "net.py"]
        assert (await call("exec", workspace=branch, command=mend))["exitCode"] == 0
        assert (await call("exec", workspace=branch, command=test))["exitCode"] == 0
        assert (await call("exec", workspace="nets", command=test))["exitCode"] == 1
        listed = await call("list_workspaces")
        assert [one["name"] for one in listed] == ["nets", branch]
        assert all(one["allowed"] == ["exec", "logs", "ports", "up"] for one in listed)
        assert any("Dockerfile" in line for line in await call("logs", workspace="nets"))
        assert "`stop` is not granted" in await call("stop", workspace="nets")
        # What reaches the machine is nobody's to consent to but the person's.
        assert "asks for things that reach your machine" in await call("up", workspace=str(other))
        assert not (other / "touched").exists()


def test_from_start_to_test_result(cove: Cove, engine: Engine, base_image: str, tmp_path: Path) -> None:
    nets = write_files(tmp_path / "nets", FILES)
    touch = f"touch {tmp_path}/other/touched"
    other = write_files(
        tmp_path / "other", {".devcontainer.json": {"image": BASE, "initializeCommand": touch}}
    )
    git = ("git", "-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for words in (("init", "-qb", "main"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run((*git, *words), cwd=nets, check=True)
    asyncio.run(drive(cove, nets, other))
