"""Colours where the stream and the person want them."""

from __future__ import annotations

import io

import pytest

from cove.cli.style import Style


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "env", "coloured"),
    [
        (Terminal, {}, True),
        (Terminal, {"NO_COLOR": ""}, True),  # no-color.org: present and not empty
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {}, False),
    ],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], env: dict[str, str], coloured: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    style = Style(stream())
    for wrap in (style.good, style.bad, style.warn, style.dim, style.bold, style.link):
        text = wrap("word")
        assert (text != "word") is coloured
        assert "word" in text
    assert style.bad("x") == ("\x1b[1;31mx\x1b[0m" if coloured else "x")
