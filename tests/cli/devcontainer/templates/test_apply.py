"""Templates applied, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main
from cove.cli.devcontainer.templates.apply import parse_features, parse_omitted, parse_values
from cove.errors import CoveError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("engine")


def test_applied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "devcontainer-template.json").write_text('{"id": "t"}')
    (tmp_path / "t" / ".devcontainer.json").write_text('{"image": "${templateOption:image}"}')
    words = ["-t", "./t", "-w", "new", "-a", '{"image": "x"}', "-f", '[{"id": "a/b/c"}]']
    assert main(["devcontainer", "templates", "apply", *words]) == 0
    assert capsys.readouterr().out == '{"files":["./.devcontainer.json"]}\n'
    text = (tmp_path / "new" / ".devcontainer.json").read_text()
    assert json.loads(text) == {"image": "x", "features": {"a/b/c": {}}}


def test_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devcontainer", "templates", "apply"]) == 1
    assert "Missing required argument: template-id" in capsys.readouterr().err
    assert main(["devcontainer", "templates", "apply", "-t", "./t", "-a", "[]"]) == 1
    assert "Invalid template arguments provided." in capsys.readouterr().err


def test_words() -> None:
    assert parse_values('{"a": "b",} // c') == {"a": "b"}
    assert parse_features('[{"id": "a", "options": {"b": true}}]') == (("a", {"b": True}),)
    assert parse_omitted('["a/*"]') == ("a/*",)
    assert parse_omitted("") == ()


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"a": true}', '{"a": null}'])
def test_no_values(text: str) -> None:
    with pytest.raises(CoveError):
        parse_values(text)


@pytest.mark.parametrize("text", ["{}", "[1]", "[{}]", '[{"id": ""}]', '[{"id": 3}]'])
def test_no_features(text: str) -> None:
    with pytest.raises(CoveError):
        parse_features(text)


def test_nothing_omitted() -> None:
    with pytest.raises(CoveError, match="Invalid '--omitPaths' argument"):
        parse_omitted("{}")
