from __future__ import annotations

import json
import os
import stat
import time

import pytest

from cove.engines.base import EngineInfo
from cove.engines.dialect import PODMAN
from cove.engines.memory import KEEP_SECONDS, Known, forget, read_memory, render_key, write_memory

KNOWN = Known(
    PODMAN._replace(program="/bin/podman", run_flags=("--network", "host"), build_env=(("A", "1"),)),
    EngineInfo("podman", "4.3.1", rootless=True, remote=False, buildkit=False, quirks=("One.", "Two.")),
)


def test_what_is_remembered_comes_back_as_it_was(machine) -> None:
    assert read_memory(machine, "k") is None
    write_memory(machine, "k", [KNOWN, KNOWN])
    assert read_memory(machine, "k") == [KNOWN, KNOWN]
    path = f"{machine.directories.state}/engines.json"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    forget(machine)
    assert read_memory(machine, "k") is None
    forget(machine)


@pytest.mark.parametrize(
    "text", ["", "[]", "nonsense", '{"k": 1}', '{"k": {"at": "x"}}', '{"k": {"at": 0, "engines": []}}']
)
def test_a_file_that_does_not_fit_is_no_memory(machine, text: str) -> None:
    os.makedirs(machine.directories.state)
    with open(f"{machine.directories.state}/engines.json", "w") as file:
        file.write(text)
    assert read_memory(machine, "k") is None
    write_memory(machine, render_key("", [], machine), [KNOWN])
    assert read_memory(machine, render_key("", [], machine)) == [KNOWN]


def test_fields_of_another_version_are_no_memory(machine) -> None:
    entry = {"at": time.time(), "engines": [[{"gone": 1}, {}]]}
    os.makedirs(machine.directories.state)
    with open(f"{machine.directories.state}/engines.json", "w") as file:
        json.dump({"k": entry}, file)
    assert read_memory(machine, "k") is None


def test_memory_grows_old(machine, monkeypatch) -> None:
    write_memory(machine, "k", [KNOWN])
    later = time.time() + KEEP_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert read_memory(machine, "k") is None


def test_the_key_changes_with_all_that_could_change_the_answer(machine, tmp_path) -> None:
    program = tmp_path / "bin" / "docker"
    program.write_text("one")
    before = render_key("", [str(program)], machine)
    assert render_key("", [str(program)], machine) == before
    os.utime(program, (1, 1))
    upgraded = render_key("", [str(program)], machine)
    pointed = render_key("", [str(program)], machine._replace(env={**machine.env, "DOCKER_HOST": "tcp://h"}))
    assert len({before, upgraded, pointed, render_key("docker", [str(program)], machine)}) == 4


def test_an_old_key_of_the_same_choice_is_dropped(machine, tmp_path) -> None:
    program = tmp_path / "bin" / "docker"
    program.write_text("one")
    first = render_key("", [str(program)], machine)
    write_memory(machine, first, [KNOWN])
    other = render_key("docker", [str(program)], machine)
    write_memory(machine, other, [KNOWN])
    os.utime(program, (1, 1))
    write_memory(machine, render_key("", [str(program)], machine), [KNOWN])
    assert read_memory(machine, first) is None
    assert read_memory(machine, other) == [KNOWN]


def test_a_state_folder_that_cannot_be_written_is_no_error(machine) -> None:
    with open(machine.directories.state, "w"):
        pass
    write_memory(machine, "k", [KNOWN])
    assert read_memory(machine, "k") is None
