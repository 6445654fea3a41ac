"""What is remembered of a workspace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.workspace.records import read_record, read_records, state_folder, write_record

if TYPE_CHECKING:
    from cove.host.machine import Machine
    from cove.workspace.records import Record


def test_round_trip_for_its_owner_alone(machine: Machine, record: Record) -> None:
    write_record(machine, record)
    assert read_record(machine, record.id) == record
    folder = state_folder(machine, record.id)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert os.stat(f"{folder}/record.json").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"id": "1"}', '{"from": "another version"}'])
def test_a_damaged_one_is_none(machine: Machine, record: Record, text: str) -> None:
    write_record(machine, record)
    write_record(machine, record._replace(id="ffffffffffff", name="other"))
    with open(f"{state_folder(machine, record.id)}/record.json", "w") as file:
        file.write(text)
    assert read_record(machine, record.id) is None
    assert [found.name for found in read_records(machine)] == ["other"]


def test_none_before_the_first(machine: Machine) -> None:
    assert read_record(machine, "0123456789ab") is None
    assert list(read_records(machine)) == []
