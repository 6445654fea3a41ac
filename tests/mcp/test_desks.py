"""What the tools do, within the grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import NotFound, Refused
from cove.mcp.desks import LONGEST_OUTPUT, LONGEST_SECONDS, Desks
from cove.mcp.grants import parse_grant

if TYPE_CHECKING:
    from .conftest import FakeApi


def desks(*grants: str) -> Desks:
    return Desks([parse_grant(text, "/") for text in grants])


def test_only_what_is_granted_is_listed(api: FakeApi) -> None:
    (one,) = desks("nets=exec,up").list_workspaces()
    assert (one["name"], one["state"], one["allowed"]) == ("nets", "running", ["exec", "up"])
    assert len(desks("*").list_workspaces()) == 2
    assert desks("x").list_workspaces() == []


def test_a_command_and_the_end_of_what_it_wrote(api: FakeApi) -> None:
    done = desks("nets").exec("nets", ["pytest"], stdin="", workdir="src", seconds=1e9)
    assert (done["exitCode"], done["stderr"]) == (3, "failed")
    assert done["stdout"].startswith("… 10000 characters are left out …\nxxx")
    assert done["stdout"].endswith("x" * LONGEST_OUTPUT)
    ((argv, words),) = api.there[0].ran
    assert argv == ["pytest"]
    assert (words["workdir"], words["timeout"], words["check"]) == ("src", LONGEST_SECONDS, False)


def test_the_others(api: FakeApi) -> None:
    some = desks("nets=logs,ports,stop")
    assert some.logs("nets", 1) == ["two"]
    assert some.ports("nets")[0]["label"] == "TensorBoard"
    assert some.stop("nets")["name"] == "nets"
    assert api.there[0].stopped
    assert some.gpus() == {"gpus": []}


def test_up_of_a_name_or_a_granted_folder(api: FakeApi) -> None:
    heard: list[str] = []
    some = desks("nets=up", "/srv/other=up")
    assert some.up("nets", "wide", lambda event: heard.append(event.text))["created"]
    some.up("/srv/other", "", lambda _: None)
    assert [(folder, words["branch"]) for folder, words in api.asked] == [
        ("/srv/nets", "wide"),
        ("/srv/other", ""),
    ]
    assert heard == ["building", "a line"]
    assert "trust" not in api.asked[0][1]


def test_what_is_not_granted_is_refused_or_unknown(api: FakeApi) -> None:
    some = desks("nets=logs")
    with pytest.raises(Refused, match="`exec` is not granted for /srv/nets") as raised:
        some.exec("nets", ["true"], stdin="", workdir="", seconds=1)
    assert "cove mcp --allow nets=exec" in raised.value.hint
    with pytest.raises(NotFound, match="no workspace `notes`"):
        some.logs("notes", 1)
    with pytest.raises(NotFound, match="no workspace `gone`"):
        some.logs("gone", 1)
    for where in ("nets", "/srv/nets", "/"):
        with pytest.raises(Refused, match="`up` is not granted"):
            some.up(where, "", lambda _: None)
    assert api.asked == []
