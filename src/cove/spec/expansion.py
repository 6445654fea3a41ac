"""Variables in a Dockerfile's words: `$NAME`, `${NAME:-word}`, quotes and escapes, as the builders replace them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#]"


def expand(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """Return the text with variables replaced and quotes removed; unknown variables are empty.

    Knows `$X`, `${X}` and `${X:-word}`, `${X-word}`, `${X:+word}`, `${X+word}`, `${X:?word}`; single quotes and the
    escape character keep a `$`. Other modifiers (`#`, `%`, `/`) leave the value as it is.
    """
    result: list[str] = []
    quote = ""
    index = 0
    while index < len(text):
        character = text[index]
        if character == escape and quote != "'" and index + 1 < len(text):
            kept = escape if quote and text[index + 1] not in f'"${escape}' else ""
            result.append(kept + text[index + 1])
            index += 2
        elif character in "\"'" and quote in ("", character):
            quote = "" if quote else character
            index += 1
        elif character == "$" and quote != "'":
            value, index = _variable(text, index + 1, variables, escape)
            result.append(value)
        else:
            result.append(character)
            index += 1
    return "".join(result)


def _variable(text: str, index: int, variables: Mapping[str, str], escape: str) -> tuple[str, int]:
    """Return the value of the variable whose name begins at `index`, and where the text goes on."""
    braced = text[index : index + 1] == "{"
    name = re.compile(NAME).match(text, index + braced)
    if not name:
        return "$", index
    if not braced:
        return variables.get(name.group(), ""), name.end()
    end = _closing_brace(text, name.end(), escape)
    return _modified(name.group(), text[name.end() : end], variables, escape), end + 1


def _closing_brace(text: str, index: int, escape: str) -> int:
    depth = 1
    while index < len(text):
        if text[index] == escape:
            index += 1
        elif text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if not depth:
                return index
        index += 1
    return len(text)


def _modified(name: str, modifier: str, variables: Mapping[str, str], escape: str) -> str:
    value = variables.get(name)
    empty_counts = modifier.startswith(":")
    kind, word = modifier.removeprefix(":")[:1], modifier.removeprefix(":")[1:]
    is_set = value is not None and not (empty_counts and value == "")
    if kind == "-":
        return value or "" if is_set else expand(word, variables, escape)
    if kind == "+":
        return expand(word, variables, escape) if is_set else ""
    return value or ""
