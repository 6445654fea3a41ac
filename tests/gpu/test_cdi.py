from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.gpu.cdi import parse_cdi, read_cdi

if TYPE_CHECKING:
    from pathlib import Path

# As `nvidia-ctk cdi generate` orders it: the name after the edits, the kind last.
YAML = """\
---
cdiVersion: 0.5.0
containerEdits:
  hooks:
  - hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
devices:
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: "0"
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: GPU-c07e0000
- name: all
  containerEdits: {}
kind: nvidia.com/gpu
"""
JSON = '{"cdiVersion": "0.6.0", "kind": "amd.com/gpu", "devices": [{"name": "0"}, {"name": "all"}]}'


def test_names() -> None:
    assert parse_cdi(YAML, json_text=False) == [
        "nvidia.com/gpu=0",
        "nvidia.com/gpu=GPU-c07e0000",
        "nvidia.com/gpu=all",
    ]
    assert parse_cdi(JSON, json_text=True) == ["amd.com/gpu=0", "amd.com/gpu=all"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "kind: 3\ndevices: []",
        "kind: a/b",
        "kind: a/b\ndevices: [3, {name: true}]",
        "a: [",
        "a: !!python/object:x {}",
    ],
)
def test_other_files_have_none(text: str) -> None:
    assert parse_cdi(text, json_text=False) == []


def test_broken_json() -> None:
    assert parse_cdi("{", json_text=True) == []


def test_folders(tmp_path: Path) -> None:
    etc, run = tmp_path / "etc", tmp_path / "run"
    etc.mkdir()
    run.mkdir()
    (etc / "nvidia.yaml").write_text(YAML)
    (etc / "readme.txt").write_text(YAML)
    (etc / "broken.json").write_text("{")
    (run / "amd.json").write_text(JSON)
    (run / "newer.yml").write_text("kind: nvidia.com/gpu\ndevices: [{name: all}]")
    found = read_cdi([str(etc), str(run), str(tmp_path / "absent")])
    assert found["nvidia.com/gpu=0"] == f"{etc}/nvidia.yaml"
    assert found["nvidia.com/gpu=all"] == f"{run}/newer.yml"
    assert found["amd.com/gpu=0"] == f"{run}/amd.json"
    assert len(found) == 5
