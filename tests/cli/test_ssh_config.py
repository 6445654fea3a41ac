"""`cove ssh-config`: one file of cove's, and one line of the person's with consent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cove.cli import main

if TYPE_CHECKING:
    import pytest

    from cove.host.machine import Machine
    from cove.testing import FakeEngine

PERSONS = "Host gpu\n  HostName 10.0.0.1\n"


def test_the_line_needs_consent(
    machine: Machine, engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = Path(machine.home) / ".ssh" / "config"
    mine.parent.mkdir()
    mine.write_text(PERSONS)
    assert main(["ssh-config"]) == 0
    told = capsys.readouterr().out
    assert f'Include "{machine.directories.state}/ssh/config"' in told
    assert mine.read_text() == PERSONS
    assert main(["ssh-config", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["included"] is True
    assert mine.read_text().endswith(f"\n\n{PERSONS}")
    assert main(["ssh-config"]) == 0
    assert "ssh NAME.cove" in capsys.readouterr().out
    assert main(["ssh-config", "--remove"]) == 0
    assert mine.read_text() == PERSONS
    assert main(["ssh-config", "--remove", "--json"]) == 0


def test_print_writes_nothing(
    machine: Machine, engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ssh-config", "--print"]) == 0
    assert "Host *.cove" in capsys.readouterr().out
    assert not Path(machine.directories.state, "ssh").exists()
