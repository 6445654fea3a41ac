"""The second `up` of a workspace that runs: nearly free, so what it imports is counted (see tests/test_imports.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.imports import IMPORT_TIME, heavy, parse_import_times

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.command import Cove

HTTP = {"email", "http.client", "hashlib"}
"""The link is asked of the gateway over HTTP, and the files a container was made from are compared by digest."""


def test_a_second_up_imports_little(cove: Cove, base_image: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\n")
    first = cove("up", str(tmp_path), "--json").check().json
    again = cove("up", str(tmp_path), "--json", env=IMPORT_TIME).check()
    assert again.json["containerId"] == first["containerId"]
    modules = parse_import_times(again.stderr)
    assert not heavy(modules) - HTTP, sorted(heavy(modules) - HTTP)
    assert len(modules) <= 200, sorted(modules)
