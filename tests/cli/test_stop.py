"""`cove stop`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    import pytest

    from cove.engines.base import ContainerInfo
    from cove.testing import FakeEngine


def test_stopped(engine: FakeEngine, there: ContainerInfo, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", "digits"]) == 0
    assert capsys.readouterr().out == "digits is stopped; `cove up` starts it again as it was.\n"
    assert engine.calls == [f"stop {there.id}"]
    assert main(["stop", "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "digits"
