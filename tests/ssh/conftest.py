"""A machine with folders of its own, and an engine in memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cove.host.machine import Directories, Machine, Owner
from cove.ssh.build import keep_programs
from cove.testing import FakeEngine, FakeRunner
from cove.workspace.records import Record, write_record
from cove.workspace.session import Session

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folders = Directories(*(f"{tmp_path}/{name}" for name in Directories._fields))
    path = {"PATH": os.environ["PATH"]}
    return Machine(
        "Linux", "amd64", Owner(1000, 1000), False, f"{tmp_path}/home", path, folders, f"{tmp_path}"
    )


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(FakeRunner())


@pytest.fixture
def session(machine: Machine, engine: FakeEngine) -> Session:
    session = Session(machine, engine.runner)
    session.__dict__["engine"] = engine
    return session


@pytest.fixture
def server_folder(tmp_path: Path) -> str:
    """A server as a build leaves it; its programs are text."""
    source = tmp_path / "programs"
    source.mkdir()
    for name in ("sshd", "scp"):
        (source / name).write_text(f"the program {name}")
    folder = f"{tmp_path}/server"
    keep_programs(folder, [f"{source}/sshd", f"{source}/scp"], {"version": "9.2", "arch": "amd64"})
    return folder


@pytest.fixture
def record(machine: Machine) -> Record:
    record = Record(  # noqa: S604 - a field, not a command
        id="0123456789ab",
        name="digits",
        folder="/src/digits",
        config_path="",
        engine="docker",
        container=f"{1:064x}",
        user="dev",
        workspace_folder="/workspaces/digits",
        env={"PATH": "/usr/bin"},
        shell="/bin/bash",
        image="debian",
        started="2026-01-01T00:00:01Z",
    )
    write_record(machine, record)
    return record
