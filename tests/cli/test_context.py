"""From a command's words to its session."""

from __future__ import annotations

import argparse
import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from cove.cli.context import ask_person, open_session, print_result
from cove.cli.parser import parse

if TYPE_CHECKING:
    from cove.host.machine import Machine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_options_win_over_the_environment(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVE_ENGINE", "podman")
    monkeypatch.setenv("COVE_ISOLATED", "1")
    args = parse(["up", "--engine", "docker"])
    session = open_session(args, isolated=None, ide_source="/a.tar.gz")
    assert (session.settings.engine, session.settings.isolated, session.settings.ide_source) == (
        "docker",
        True,
        "/a.tar.gz",
    )
    assert open_session(parse(["ls"])).settings.engine == "podman"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["up"], (False, False)),
        (["up", "--yes"], (True, False)),
        (["up", "--trust"], (False, True)),
    ],
)
def test_each_consent_is_its_own(machine: Machine, words: list[str], expected: tuple[bool, bool]) -> None:
    consent = open_session(parse(words)).consent
    assert (consent.packages, consent.trust) == expected
    assert consent.ask is None  # no terminal here


@pytest.mark.parametrize(
    ("stdin", "stderr", "asks"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_asked_only_at_a_terminal(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, stdin: bool, stderr: bool, asks: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal() if stdin else io.StringIO())
    monkeypatch.setattr(sys, "stderr", Terminal() if stderr else io.StringIO())
    assert (open_session(parse(["ls", "--quiet"])).consent.ask is not None) is asks


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("y\n", True), ("YES \n", True), ("\n", False), ("", False), ("n\n", False), ("yesterday\n", False)],
)
def test_only_yes_is_consent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, expected: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert ask_person("Install?") is expected
    assert capsys.readouterr().err == "Install? [y/N] "


@pytest.mark.parametrize(
    ("words", "listeners"),
    [([], 1), (["--quiet"], 0), (["--log-format", "json"], 1), (["--quiet", "--log-format", "json"], 1)],
)
def test_who_hears_of_progress(machine: Machine, words: list[str], listeners: int) -> None:
    assert len(open_session(parse(["ls", *words])).progress.listeners) == listeners


@pytest.mark.parametrize(
    ("as_json", "text", "expected"),
    [(False, "words", "words\n"), (False, "", ""), (True, "words", '{"name": "zoë"}\n')],
)
def test_results(capsys: pytest.CaptureFixture[str], as_json: bool, text: str, expected: str) -> None:
    print_result(argparse.Namespace(json=as_json), {"name": "zoë"}, text)
    assert capsys.readouterr().out == expected
    if as_json:
        assert json.loads(expected) == {"name": "zoë"}
