"""Colours and marks, where the stream and the person want them."""

from __future__ import annotations

import os
from typing import TextIO


class Style:
    """Wraps text in terminal colours if `stream` is a terminal that shows them (https://no-color.org, TERM=dumb)."""

    def __init__(self, stream: TextIO) -> None:
        self.colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def good(self, text: str) -> str:
        """Green."""
        return self._wrap("32", text)

    def bad(self, text: str) -> str:
        """Red and bold."""
        return self._wrap("1;31", text)

    def warn(self, text: str) -> str:
        """Yellow."""
        return self._wrap("33", text)

    def dim(self, text: str) -> str:
        """Faint."""
        return self._wrap("2", text)

    def bold(self, text: str) -> str:
        """Bold."""
        return self._wrap("1", text)

    def link(self, text: str) -> str:
        """Underlined cyan."""
        return self._wrap("4;36", text)
