"""`cove prune`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from cove.testing import FakeEngine

IMAGE = "localhost/cove/gone-aaaaaaaaaaaa:image"


@pytest.fixture(autouse=True)
def one_engine(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> None:
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])


def test_shown_first_then_removed(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.add_image(IMAGE, size=3 << 20)
    assert main(["prune", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"image {IMAGE} on docker, 3 MiB",
        "Up to 3 MiB; nothing was removed. `cove prune` does.",
    ]
    assert main(["prune"]) == 10
    assert IMAGE in engine.images
    capsys.readouterr()
    assert main(["prune", "--force", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["removed"]
    assert (one["kind"], one["name"], one["engine"]) == ("image", IMAGE, "docker")
    assert main(["prune"]) == 0
    assert capsys.readouterr().out == "Nothing to remove: all that cove made is in use.\n"
