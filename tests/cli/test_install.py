"""An engine for a machine that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.cli.install import need_engine
from cove.engines.choose import NoEngine
from cove.errors import EngineError, Refused
from cove.host.distribution import Distribution
from cove.host.kernel import Kernel
from cove.testing import FakeEngine, FakeRunner
from cove.workspace.consent import Consent
from cove.workspace.session import Session

if TYPE_CHECKING:
    from cove.host.machine import Machine

DEBIAN = Distribution(id="debian", version="12", name="Debian 12", manager="apt")


@pytest.fixture
def bare(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> FakeRunner:
    """A Debian without any engine, where installing one works; returns what runs the commands."""
    runner = FakeRunner().answer("apt-get").answer("env").answer("sudo")

    def read_engine(*_: object) -> FakeEngine:
        if any("podman" in argv for argv in runner.argvs):
            return FakeEngine(name="podman")
        raise NoEngine("no container engine is installed")

    monkeypatch.setattr("cove.engines.choose.read_engine", read_engine)
    monkeypatch.setattr("cove.host.distribution.read_distribution", lambda: DEBIAN)
    monkeypatch.setattr("cove.host.kernel.read_kernel", Kernel)
    monkeypatch.setattr("cove.cli.context.HostRunner", lambda: runner)
    return runner


def test_without_consent_the_command_is_printed_and_nothing_done(
    bare: FakeRunner, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", folder, "--trust"]) == 4
    said = capsys.readouterr().err
    assert "Error: no container engine is installed\n  → Install one:\n" in said
    assert "apt-get install --yes --no-install-recommends podman" in said
    assert "add --yes" in said
    assert bare.argvs == []


def session_of(machine: Machine, runner: FakeRunner, consent: Consent) -> Session:
    return Session(machine._replace(is_root=True), runner, consent=consent)


def test_with_consent_it_is_installed_and_used(machine: Machine, bare: FakeRunner) -> None:
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    session = session_of(machine, bare, Consent(ask=agree))
    need_engine(session)
    assert asked[0].startswith(
        "no container engine is installed.\nInstall podman from Debian 12's packages (podman, "
    )
    assert [argv[0] for argv in bare.argvs] == ["apt-get", "env"]
    assert session.engine.name == "podman"
    assert session.progress.notes[0].startswith("installing packages: podman, ")
    need_engine(session)
    assert len(bare.argvs) == 2


def test_a_no_is_a_no(machine: Machine, bare: FakeRunner) -> None:
    with pytest.raises(Refused):
        need_engine(session_of(machine, bare, Consent(ask=lambda _: False)))
    assert bare.argvs == []


def test_an_unknown_distribution_has_no_plan(
    machine: Machine, bare: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cove.host.distribution.read_distribution", Distribution)
    with pytest.raises(NoEngine):
        need_engine(session_of(machine, bare, Consent(packages=True)))


def test_an_engine_that_is_there_but_away_is_not_installed_again(
    machine: Machine, bare: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EngineError("docker does not answer")

    monkeypatch.setattr("cove.engines.choose.read_engine", away)
    with pytest.raises(EngineError, match="docker does not answer"):
        need_engine(session_of(machine, bare, Consent(packages=True)))
    assert bare.argvs == []
