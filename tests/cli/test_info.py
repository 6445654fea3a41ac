"""`cove info`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    import pytest

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine


def test_text_leaves_out_what_is_empty(
    engine: FakeEngine, there: ContainerInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.there[there.id] = there._replace(ports={"3000/tcp": "127.0.0.1:3000"})
    assert main(["info", "digits"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["name"] == "digits"
    assert rows["engine"] == "name docker, version 1.0"
    assert rows["ports"] == "3000/tcp 127.0.0.1:3000"
    assert not {"way", "changedSince", "substituteFor"} & rows.keys()


def test_json(there: ContainerInfo, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["containerId"] == there.id


def test_unknown(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "digits", "--json"]) == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["error"] == "NotFound"
    assert told.err.startswith("Error: no workspace `digits`")
