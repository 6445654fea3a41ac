"""Declared ports and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.spec.ports import choose_ports

if TYPE_CHECKING:
    from cove.spec.jsonc import JsonValue

LABELS: dict[str, JsonValue] = {
    "3000": {"label": "App"},
    "40000-40010": {"label": "Workers"},
    "localhost:6006": {"label": "TensorBoard"},
    "9000": {"label": "Debugger", "onAutoForward": "ignore"},
    "9100": {"label": 7},
    ".+/server.js": {"label": "by name of its program"},
}


@pytest.mark.parametrize(
    ("forward", "app", "expected"),
    [
        ((), (), {}),
        ((3000, 8888), (), {"3000": "App", "8888": ""}),
        (("localhost:6006", "127.0.0.1:7"), (), {"6006": "TensorBoard", "7": ""}),
        ((40007, 40011), (), {"40007": "Workers", "40011": ""}),
        (("db:5432", "x", 0, "localhost:99999", "3:4:5"), (), {}),
        ((9000, 9100), (), {"9100": ""}),
        ((), (3000, "8000:8010", "127.0.0.1:8001:8011"), {"3000": "App", "8010": "", "8011": ""}),
        ((3000,), ("3000:3000",), {"3000": "App"}),
    ],
)
def test_choose(forward: tuple[int | str, ...], app: tuple[int | str, ...], expected: dict[str, str]) -> None:
    assert choose_ports(forward, app, LABELS) == expected
