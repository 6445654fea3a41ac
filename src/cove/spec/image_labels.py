"""A Dockerfile that only gives an image labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SPECIAL = re.compile(r'(["$\\])')
"""What means something else between the quotes of a LABEL line."""


def render_labels(base: str, labels: Mapping[str, str]) -> str:
    r"""Return the text, the labels' values in it word for word.

    >>> print(render_labels("debian", {"a": 'say "$HOME"'}), end="")
    FROM debian
    LABEL "a"="say \"\$HOME\""
    """
    lines = [f'LABEL "{name}"="{SPECIAL.sub(_escape, value)}"' for name, value in labels.items()]
    return "\n".join((f"FROM {base}", *lines, ""))


def _escape(found: re.Match[str]) -> str:
    return f"\\{found[1]}"
