"""What a configuration demands of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.workspace.requirements import judge_requirements, read_host, warn_of_requirements

if TYPE_CHECKING:
    from cove.spec.jsonc import JsonValue
    from cove.testing import FakeEngine
    from cove.workspace.session import Session

HOST = {"cpus": 8.0, "memory": float(16 << 30), "storage": float(100 << 30)}


@pytest.mark.parametrize(
    ("wanted", "verdicts", "words"),
    [
        ({}, [], ""),
        ({"gpu": True}, [], ""),
        (
            {"cpus": 4, "memory": "8gb", "storage": "32gb"},
            ["ok", "ok", "ok"],
            "wants 4 processors, and this machine has 8",
        ),
        ({"cpus": 16}, ["warning"], "wants 16 processors, and this machine has 8"),
        ({"memory": "64gb"}, ["warning"], "wants 64 GiB, and this machine has 16"),
        ({"storage": "1tb"}, ["warning"], "wants 1024 GiB, and this machine has 100"),
    ],
)
def test_requirements(wanted: dict[str, JsonValue], verdicts: list[str], words: str) -> None:
    checks = judge_requirements(wanted, HOST)
    assert [check.verdict for check in checks] == verdicts
    assert not words or words in checks[0].evidence
    assert all(bool(check.fix) is (check.verdict == "warning") for check in checks)


def test_this_machine() -> None:
    assert all(value > 0 for value in read_host("/").values())
    assert read_host("/absent")["storage"] > 0


def test_up_warns_of_what_is_short(session: Session, engine: FakeEngine) -> None:
    warn_of_requirements(session, {"cpus": 100_000, "memory": "1kb", "gpu": True})
    (warning,) = session.progress.warnings
    assert warning.startswith(
        "hostRequirements.cpus: the repository wants 100000 processors, and this machine has"
    )


@pytest.mark.parametrize(
    ("wanted", "remote"), [({"gpu": True}, False), ({}, False), ({"cpus": 100_000}, True)]
)
def test_nothing_is_said_of_what_is_not_known(
    session: Session, engine: FakeEngine, wanted: dict[str, JsonValue], remote: bool
) -> None:
    engine.told = engine.told._replace(remote=remote)
    warn_of_requirements(session, wanted)
    assert session.progress.warnings == []
