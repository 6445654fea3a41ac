"""What `cove init` writes, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, Refused
from cove.workspace.address import read_address
from cove.workspace.consent import Consent
from cove.workspace.init import MARK, plan_proposal, propose, write_proposal
from cove.workspace.read import read_workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.workspace.session import Session

PATHS = (".devcontainer/devcontainer.json", ".devcontainer/Dockerfile")


def test_what_is_written_is_what_up_reads(session: Session, project: Callable[..., str]) -> None:
    folder = project(**{"requirements.txt": "torch"})
    proposal = propose(session.machine, folder)
    assert (tuple(proposal.files), proposal.changed) == (PATHS, ())
    write_proposal(session, proposal)
    reading = read_workspace(session.machine, read_address(folder))
    assert reading.configuration.path == f"{folder}/{PATHS[0]}"
    assert reading.inferred is None
    assert propose(session.machine, folder).files == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile", "FROM debian"),
        (".devcontainer.json", "{}"),
        (".devcontainer/devcontainer.json", "{}"),
        (".devcontainer/gpu/devcontainer.json", "{}"),
        (".devcontainer/Dockerfile", "FROM debian"),
    ],
)
def test_what_somebody_wrote_stays(session: Session, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "requirements.txt").touch()
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=f"a configuration already: {name}"):
        propose(session.machine, str(tmp_path))
    assert (tmp_path / name).read_text() == text


@pytest.mark.parametrize(
    ("folder", "message"), [("nowhere", "does not exist"), (".", "no file that names packages")]
)
def test_nothing_to_infer_from(session: Session, tmp_path: Path, folder: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        propose(session.machine, f"{tmp_path}/{folder}")


@pytest.mark.parametrize(
    ("consent", "written"),
    [
        (Consent(), False),
        (Consent(packages=True, trust=True), False),
        (Consent(ask=lambda _: False), False),
        (Consent(ask=lambda question: "+FROM python:3.12" in question), True),
        (Consent(force=True), True),
    ],
    ids=["nobody-to-ask", "other-consents", "no", "yes", "force"],
)
def test_a_change_is_shown_and_needs_consent(
    session: Session, project: Callable[..., str], consent: Consent, *, written: bool
) -> None:
    folder = project(**{"requirements.txt": "six"})
    write_proposal(session, propose(session.machine, folder))
    project(**{".python-version": "3.12"})
    proposal = propose(session.machine, folder)
    assert proposal.changed == (".devcontainer/Dockerfile",)
    session.consent = consent
    if written:
        write_proposal(session, proposal)
    else:
        with pytest.raises(Refused):
            write_proposal(session, proposal)
    with open(f"{folder}/.devcontainer/Dockerfile") as file:
        text = file.read()
    assert ("FROM python:3.12" in text) is written
    assert MARK in text


def test_a_file_that_is_gone_is_written_again_and_no_change() -> None:
    proposal = plan_proposal("/r", {"a": "1\n", "b": "2\n"}, {"a": "1\n", "b": None}, ())
    assert (proposal.files, proposal.changed, proposal.diff) == ({"b": "2\n"}, (), "")
