"""The fixture for other repositories' tests; tests/live/test_api.py uses it for real."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cove import testing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFTEST = 'pytest_plugins = ["cove.testing"]\n'
TEST = "def test_it(cove_container):\n    assert cove_container == 'a container'\n"


@pytest.mark.parametrize(("ini", "folder"), [("[pytest]\n", ""), ("[pytest]\ncove_path = model\n", "/model")])
def test_the_container_is_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ini: str, folder: str
) -> None:
    asked: list[str] = []

    @contextmanager
    def throw_away(path: str) -> Iterator[str]:
        asked.append(path)
        yield "a container"
        asked.append("gone")

    monkeypatch.setattr("cove.testing.fixtures.throw_away", throw_away)
    for name, text in (("conftest.py", CONFTEST), ("test_it.py", TEST), ("pytest.ini", ini)):
        (tmp_path / name).write_text(text)
    code = pytest.main(["-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(tmp_path)])
    assert (code, asked) == (pytest.ExitCode.OK, [f"{tmp_path}{folder}", "gone"])


def test_what_is_shipped() -> None:
    assert all(hasattr(testing, name) for name in testing.__all__)
