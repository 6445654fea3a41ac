"""`cove cache`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.engines.base import VolumeInfo

if TYPE_CHECKING:
    from cove.testing import FakeEngine


@pytest.fixture
def volumes(engine: FakeEngine) -> None:
    uid = os.getuid()
    for info in (
        VolumeInfo(f"cove-cache-{uid}-huggingface", 3 * 2**30, ("digits", "net")),
        VolumeInfo(f"cove-cache-{uid}-pip", 2**20, ()),
        VolumeInfo(f"cove-cache-{uid}-0123456789ab-uv", -1, ()),
    ):
        engine.stored[info.name] = info


def test_a_table_with_the_sum(volumes: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "CACHE               SIZE   ENGINE  USED BY",
        "huggingface         3 GiB  docker  digits, net",
        "pip                 1 MiB  docker  -",
        "uv of 0123456789ab  ?      docker  -",
        "",
        "3 GiB in all. `cove cache prune` removes what no container has.",
    ]


def test_json_of_some_kinds(volumes: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "list", "--kind", "pip", "--kind", "npm", "--json"]) == 0
    (cache,) = json.loads(capsys.readouterr().out)["caches"]
    assert (cache["kind"], cache["size"], cache["used_by"]) == ("pip", 2**20, [])


def test_none(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache"]) == 0
    assert capsys.readouterr().out == "No caches yet: the first `cove up` makes them.\n"
    monkeypatch.setenv("COVE_CACHES", "0")
    assert main(["cache"]) == 0
    assert "The setting `caches` is off." in capsys.readouterr().out


def test_prune(volumes: None, engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "prune"]) == 10
    assert "Add --force." in capsys.readouterr().err
    assert main(["cache", "prune", "--force"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "huggingface stays: digits, net have it.",
        "Removed pip, uv: 1 MiB are free.",
    ]
    assert main(["cache", "prune", "--kind", "pip", "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"removed": [], "kept": []}
