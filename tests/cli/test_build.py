"""`cove build`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cove.cli import main

if TYPE_CHECKING:
    from cove.testing import FakeEngine


@pytest.mark.parametrize(
    ("words", "names", "text"),
    [
        ([], ["localhost/digits:latest"], "built localhost/digits:latest (0 MB)\n"),
        (["-t", "a", "--tag", "b", "--push"], ["a", "b"], "built a, b (0 MB), pushed\n"),
    ],
)
def test_built(
    engine: FakeEngine,
    folder: str,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    names: list[str],
    text: str,
) -> None:
    assert main(["build", folder, *words, "--quiet"]) == 0
    assert capsys.readouterr().out == text
    assert main(["build", folder, *words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["names"], document["pushed"], document["size"]) == (names, "--push" in words, 1000)


def test_words_reach_the_build(engine: FakeEngine, folder: str) -> None:
    main(["build", folder, "--platform", "linux/arm64", "--pull"])
    assert engine.calls == ["pull debian", "build localhost/digits:latest"]
    assert engine.builds[0].platform == "linux/arm64"
