"""Declared ports, those that listen, and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.spec.ports import LARGEST, OTHERS, Port, choose_ports, describe_ports, parse_listening

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


TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1776 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 83520 1
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 83521 1
   2: 0B00007F:9C41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 83522 1
   3: 0100007F:1777 0100007F:8000 01 00000000:00000000 00:00000000 00000000  1000        0 83523 1
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000000000000:22B8 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000
   3: 000080FE000000000000000001000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


def test_who_listens() -> None:
    assert parse_listening(TABLE) == {6006, 22, 8080, 8888, 8081}


@given(st.lists(st.sampled_from([*TABLE.split(), "0100007F:x", "0100007F:", "0A", "\n"])).map(" ".join))
def test_whatever_is_read_is_a_port(text: str) -> None:
    assert all(0 <= port <= LARGEST for port in parse_listening(text))


ATTRIBUTES: dict[str, JsonValue] = {
    **LABELS,
    "8443": {"label": "Safe", "protocol": "https", "onAutoForward": "openBrowser"},
    OTHERS: {"onAutoForward": "silent", "label": "other"},
}


def test_declared_first_then_what_listens() -> None:
    assert describe_ports({"3000": "App", "6006": "TensorBoard"}, [9000, 8443, 6006, 5000], ATTRIBUTES) == (
        Port(3000, "App", declared=True),
        Port(6006, "TensorBoard", declared=True, listening=True),
        Port(5000, "other", on_auto_forward="silent", listening=True),
        Port(8443, "Safe", "https", "openBrowser", listening=True),
    )


def test_others_may_be_ignored_and_declared_ones_stay() -> None:
    found = describe_ports({"3000": ""}, [3000, 4000], {OTHERS: {"onAutoForward": "ignore"}})
    assert [port.number for port in found] == [3000]
