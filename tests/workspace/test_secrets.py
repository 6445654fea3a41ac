"""Secrets come from a file, go to processes, and are kept nowhere."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError
from cove.workspace.records import write_record
from cove.workspace.secrets import (
    choose_secrets_file,
    hide,
    note_missing,
    read_kept_secrets,
    read_secrets,
    read_session_env,
)
from cove.workspace.terms import UpRequest
from cove.workspace.up import up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"API_KEY": "abc", /* old */ "_X": ""}')
    assert read_secrets(str(path)) == {"API_KEY": "abc", "_X": ""}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"A": "hush", "B": 1}', "`B` is no variable with a text"),
        ('{"A=B": "hush"}', "`A=B` is no variable"),
        ('["hush"]', "object"),
        ('{"A": "hush"', "1:"),
    ],
)
def test_refused_without_a_word_of_the_values(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_secrets(str(path))
    assert message in f"{caught.value}{caught.value.line}:"
    assert "hush" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_secrets(str(tmp_path / "s.json"))


def test_the_file_of_an_earlier_up_is_used_while_it_is_there(session: Session, record: Record) -> None:
    path = f"{session.machine.cwd}/s.json"
    with open(path, "w") as file:
        json.dump({"A": "1"}, file)
    assert choose_secrets_file(session, "", record.id) == ""
    assert choose_secrets_file(session, "s.json", record.id) == path
    kept = record._replace(secrets_file=path)
    write_record(session.machine, kept)
    assert choose_secrets_file(session, "", record.id) == path
    assert read_kept_secrets(kept) == {"A": "1"}
    os.unlink(path)
    assert (choose_secrets_file(session, "", record.id), read_kept_secrets(kept)) == ("", {})


def test_a_file_that_is_wrong_is_told_before_anything_is_made(
    session: Session, engine: FakeEngine, project: Callable[..., str]
) -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as caught:
        up(session, UpRequest(project('{"image": "debian"}'), secrets_file="none.json"))
    assert "--recover" not in caught.value.hint
    assert engine.calls == []


def test_what_is_declared_and_not_given_is_noted(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"GIVEN": "x"}')
    declared = {"GIVEN": {}, "KEY": {"description": "of the model hub", "documentationUrl": "https://h"}}
    note_missing(session, declared, str(path))  # type: ignore[arg-type]  # a JSON object
    (note,) = session.progress.notes
    assert note.endswith("that are not given: KEY, of the model hub, https://h (--secrets-file)")


def test_hidden_in_output() -> None:
    assert hide("key=abcd1 n=1", {"A": "abcd1", "B": "1"}) == "key=******** n=1"


def test_variables_of_the_persons_choice(session: Session, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("from a file\n")
    session.machine = session.machine._replace(env={"AWS_A": "1", "AWS_B": "2", "HF": "3", "OTHER": "4"})
    words = ("AWS_*", "HF", "GONE", f"TOKEN={token}")
    session.settings = session.settings._replace(session_env=words)
    assert read_session_env(session) == {"AWS_A": "1", "AWS_B": "2", "HF": "3", "TOKEN": "from a file"}
    session.settings = session.settings._replace(session_env=("X=/nowhere",))
    with pytest.raises(ConfigurationError, match="cannot read X from /nowhere"):
        read_session_env(session)
