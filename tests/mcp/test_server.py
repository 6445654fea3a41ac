"""The tools as a client of the official SDK meets them, without a process between."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from mcp.shared.memory import create_connected_server_and_client_session as connect

from cove.mcp.desks import Desks
from cove.mcp.grants import TOOLS, parse_grant
from cove.mcp.server import make_server

if TYPE_CHECKING:
    from mcp.types import CallToolResult

    from .conftest import FakeApi


def call(*calls: tuple[str, dict[str, Any]], allow: str = "nets=exec,up") -> list[CallToolResult]:
    async def run() -> list[CallToolResult]:
        server = make_server(Desks([parse_grant(allow, "/")]))
        async with connect(server._mcp_server) as client:
            return [await client.call_tool(name, words) for name, words in calls]

    return asyncio.run(run())


def test_every_tool_says_what_it_is_for(api: FakeApi) -> None:
    async def run() -> dict[str, str]:
        async with connect(make_server(Desks([]))._mcp_server) as client:
            return {tool.name: tool.description or "" for tool in (await client.list_tools()).tools}

    told = asyncio.run(run())
    assert set(told) == {*TOOLS, "list_workspaces", "gpus"}
    assert all(told.values())


def test_answers_are_json(api: FakeApi) -> None:
    listed, done, gpus, opened = call(
        ("list_workspaces", {}),
        ("exec", {"workspace": "nets", "command": ["pytest", "-q"]}),
        ("gpus", {}),
        ("up", {"workspace": "nets", "branch": "wide"}),
    )
    assert not any(one.isError for one in (listed, done, gpus, opened))
    texts = [json.loads(one.content[0].text) for one in (listed, done, gpus, opened)]
    assert texts[0][0]["name"] == "nets"
    assert texts[1]["exitCode"] == 3
    assert texts[2] == {"gpus": []}
    assert texts[3]["created"] is True
    assert "url" not in texts[3], "a link has a token in it"


def test_a_refusal_is_an_error_with_the_next_step(api: FakeApi) -> None:
    (refused,) = call(("logs", {"workspace": "nets"}))
    assert refused.isError
    assert "`logs` is not granted" in refused.content[0].text
    assert "cove mcp --allow nets=logs" in refused.content[0].text
