"""PURE: rows of words as aligned columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
GAP = "  "
NARROWEST = 24
"""Columns; in fewer the terminal itself may break the lines."""


def render_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int = 0,
    keep: Literal["end", "start"] = "end",
) -> str:
    """Return the rows under their head; on a terminal of `width` columns the last column is cut, 0 cuts nothing.

    `keep` is the part of it that tells most: of a path its end.
    """
    widths = [max(_length(row[column]) for row in (head, *rows)) for column in range(len(head))]
    room = width - sum(widths[:-1]) - len(GAP) * (len(head) - 1) if width else 0
    return "\n".join(_render_row(row, widths, room, keep) for row in (head, *rows))


def measure_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return the columns that such a table takes, with the gap to one more."""
    widths = [max(_length(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return sum(widths) + len(GAP) * len(widths)


def _render_row(row: Sequence[str], widths: Sequence[int], room: int, keep: Literal["end", "start"]) -> str:
    *cells, last = row
    padded = [cell + " " * (widths[column] - _length(cell)) for column, cell in enumerate(cells)]
    if room and _length(last) > max(room, 8):
        left = max(room, 8) - 1
        last = f"…{last[-left:]}" if keep == "end" else f"{last[:left]}…"
    return GAP.join([*padded, last]).rstrip()


def fold(text: str, width: int) -> list[str]:
    """Return the text in lines of so many columns; in one where that is too narrow to be read."""
    import textwrap

    if width < NARROWEST:
        return [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _length(cell: str) -> int:
    return len(COLOUR.sub("", cell))
