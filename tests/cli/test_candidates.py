"""What may stand next on the command line."""

from __future__ import annotations

import pytest

from cove.cli import COMMANDS
from cove.cli.candidates import Candidates, choose_candidates
from cove.cli.parser import make_parser


def candidates(line: str) -> Candidates:
    *before, word = line.split(" ")
    return choose_candidates(make_parser(before), COMMANDS, before, word)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", [*COMMANDS]),
        ("st", ["stop"]),
        ("up", ["up"]),
        ("--js", ["--json"]),
        ("--json in", ["info", "init"]),
        ("--engine podman sto", ["stop"]),
        ("--engine ", ["docker", "podman"]),
        ("--engine=p", ["--engine=podman"]),
        ("up --engine d", ["docker"]),
        ("up --re", ["--rebuild", "--recover", "--repair"]),
        ("up --rebuild --re", ["--recover", "--repair"]),
        ("up --no-iso", ["--no-isolated"]),
        ("up --isolated --no-iso", []),
        ("build --tag a --ta", ["--tag"]),
        ("cache prune --kind u", ["uv"]),
        ("gateway re", ["restart"]),
        ("config schema dev", ["devcontainer"]),
        ("gateway status ", []),
        ("up --name ", []),
        ("fly ", []),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    found = candidates(line)
    assert ([*found.words], found.kind) == (words, "")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("stop ", "workspace"),
        ("exec --user ada di", "workspace"),
        ("exec digits -- ", "file"),
        ("run ", "folder"),
        ("run . -- train --", "file"),
        ("up ", "folder"),
        ("up . ", ""),
        ("up --config ", "file"),
        ("up --secrets-file=", "file"),
        ("up --ide-source a", "file"),
    ],
)
def test_what_else_may_stand_there(line: str, kind: str) -> None:
    assert candidates(line) == Candidates(kind=kind)


def test_words_come_with_what_they_do() -> None:
    assert candidates("sto").words == {"stop": COMMANDS["stop"]}
    assert candidates("rm --da").words["--data"].startswith("remove")
