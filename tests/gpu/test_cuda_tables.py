"""The tables hold together."""

from __future__ import annotations

from cove.gpu.cuda_tables import CAPABILITIES, FLOORS, SHIPPED_WITH, TENSORFLOW, TORCH


def test_newer_cuda_came_with_newer_drivers() -> None:
    assert sorted(SHIPPED_WITH) == list(SHIPPED_WITH)
    assert sorted(SHIPPED_WITH.values()) == list(SHIPPED_WITH.values())


def test_each_major_version_has_a_floor_that_is_its_first_drivers_or_an_update_of_it() -> None:
    firsts = {major: SHIPPED_WITH[min(cuda for cuda in SHIPPED_WITH if cuda[0] == major)] for major in FLOORS}
    assert {cuda[0] for cuda in SHIPPED_WITH} == set(FLOORS)
    assert all(floor[0] == firsts[major][0] for major, floor in FLOORS.items())


def test_rows_are_in_order_and_name_known_cudas() -> None:
    for table in (TORCH, TENSORFLOW):
        assert [row[0] for row in table] == sorted(row[0] for row in table)
        assert all(cuda in SHIPPED_WITH for _, cuda in table)
    assert [row[0] for row in CAPABILITIES] == sorted(row[0] for row in CAPABILITIES)
    assert all(last is None or last in SHIPPED_WITH for _, _, last in CAPABILITIES)
