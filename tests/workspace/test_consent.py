"""Consents: given, asked for, refused."""

from __future__ import annotations

import pytest

from cove.errors import EngineError, Refused
from cove.workspace.consent import Consent

OTHERWISE = EngineError("no engine", hint="apt-get install podman")


def test_given() -> None:
    Consent(packages=True).need(True, "?", OTHERWISE)


def test_asked_and_agreed() -> None:
    asked: list[str] = []
    Consent(ask=lambda question: not asked.append(question)).need(False, "Install?", OTHERWISE)  # type: ignore[func-returns-value]  # append's None makes the answer yes
    assert asked == ["Install?"]


def test_asked_and_refused() -> None:
    with pytest.raises(Refused) as caught:
        Consent(ask=lambda _: False).need(False, "Install?", OTHERWISE)
    assert caught.value.hint == "apt-get install podman"


def test_nobody_to_ask() -> None:
    with pytest.raises(EngineError, match="no engine"):
        Consent().need(False, "Install?", OTHERWISE)
