"""JSON with comments: text to values, and where in the text a value was said.

Comments and trailing commas are blanked out with spaces, newlines kept, and the rest is handed to the
standard library's reader; so a position it reports is a position of the file the person sees.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

JsonValue: TypeAlias = bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None

Path: TypeAlias = "tuple[str | int, ...]"

STRING = (
    r'"(?:[^"\\\n]|\\[^\n])*"?'  # an unclosed one ends with its line, so that one slip does not turn the rest
)
COMMENTS = rf"{STRING}|//[^\n]*|(?s:/\*.*?\*/)|/\*"
COMMAS = rf"{STRING}|,(?=\s*[\]}}])"
TOKENS = rf"{STRING}|[\[\]{{}}:,]|[^\s\[\]{{}}:,\"]+"
NUMBERS = rf"{STRING}|(?P<number>-?Infinity|NaN|-?\d{{4301,}})"

DEPTH = 100

SENTENCES = {
    "Expecting value": "a value is missing here, or is not JSON (strings need double quotes)",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing before this",
    "Expecting ':' delimiter": "a colon is missing between a key and its value",
    "Expecting property name enclosed in double quotes": "a key in double quotes was expected here",
    "Illegal trailing comma before end of object": "there is one comma too many here",
    "Illegal trailing comma before end of array": "there is one comma too many here",
    "Invalid control character at": "this string is not closed on its line (\\n stands for a line break)",
    "Unterminated string starting at": "this string is not closed on its line",
    "Extra data": "the file goes on after its last closing bracket",
    "Invalid \\escape": "this backslash begins no known escape (a backslash itself is written \\\\)",
    "Invalid \\uXXXX escape": "\\u needs four hexadecimal digits",
}
"""What the standard library's reader says, in words for somebody who did not write a parser."""


def parse_jsonc(text: str, path: str) -> JsonValue:
    """Return the value of a JSON text with comments and trailing commas.

    `path` is only named in messages. Of a key said twice the last one counts, as in VS Code. A byte order
    mark at the beginning is ignored. Raises ConfigurationError with line and column for anything the text
    leaves open: an empty file, truncated JSON, `NaN`, a NUL or half a surrogate pair in a string.
    """
    text = text.removeprefix("\ufeff")
    blanked = blank_comments(text, path)
    if not blanked.strip():
        raise ConfigurationError(
            "the file is empty", path=path, line=1, column=1, hint="Write at least `{}`."
        )
    _refuse_depth(blanked, path)
    try:
        value: JsonValue = json.loads(blanked, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise _explain(text, blanked, path, error) from None
    except ValueError as error:
        raise _explain_number(blanked, path, error) from None
    _refuse_unusable_escapes(blanked, path)
    return value


def parse_jsonc_object(text: str, path: str) -> dict[str, JsonValue]:
    """Return the object a JSON text with comments holds; any other value is a ConfigurationError."""
    value = parse_jsonc(text, path)
    if isinstance(value, dict):
        return value
    line, column = locate(text, ())
    raise ConfigurationError(
        f"the file must hold an object, `{{ … }}`, but holds {describe(value)}",
        path=path,
        line=line,
        column=column,
    )


def locate(text: str, keys: Sequence[str | int]) -> tuple[int, int]:
    """Return line and column, both from 1, of the key or item that `keys` lead to; (0, 0) if there is none.

    `locate(text, ("mounts", 0))` is where the first mount begins. Of a key said twice, the last: it is the
    one that counts. The text need not be valid to its end.
    """
    wanted = tuple(keys)
    text = text.removeprefix("\ufeff")
    try:
        blanked = blank_comments(text, "")
    except ConfigurationError:
        return 0, 0
    found = -1
    for path, position in _walk(blanked):
        if path == wanted:
            found = position
    return _line_and_column(text, found) if found >= 0 else (0, 0)


def blank_comments(text: str, path: str) -> str:
    """Return the text with comments and trailing commas turned into spaces, all else in its place."""

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        if found.startswith('"'):
            return found
        if found == "/*":
            line, column = _line_and_column(text, match.start())
            raise ConfigurationError(
                "this comment is never closed with */", path=path, line=line, column=column
            )
        return re.sub(r"[^\n]", " ", found)

    bare = re.sub(COMMENTS, blank, text)

    def drop(match: re.Match[str]) -> str:
        found = match.group()
        if found != ",":
            return found
        before = bare[: match.start()].rstrip()[-1:]
        return "," if before in "[{,:" else " "  # `[,]` is no trailing comma, there is nothing it trails

    return re.sub(COMMAS, drop, bare)


def describe(value: JsonValue) -> str:
    """Return what kind of JSON value this is, in words: `a number`, `an object`."""
    match value:
        case None:
            return "null"
        case bool():
            return f"{value}".lower()
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"


def _walk(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the path and position of each key and each item, in the order of the text."""
    path: list[str | int] = []
    expects_key: list[bool] = []
    fresh = True
    for match in re.finditer(TOKENS, text):
        word, start = match.group(), match.start()
        if fresh and word not in "]}:,":
            if expects_key and expects_key[-1]:
                path[-1] = _key(word)
            yield tuple(path), start
            fresh = False
        if word in "[{":
            expects_key.append(word == "{")
            path.append(0)
            fresh = True
        elif word in "]}" and expects_key:
            expects_key.pop()
            path.pop()
            fresh = False
        elif word == "," and expects_key:
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else last
            fresh = True


def _key(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:
        return word


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _explain(text: str, blanked: str, path: str, error: json.JSONDecodeError) -> ConfigurationError:
    position = error.pos
    message = SENTENCES.get(error.msg, error.msg)
    if position >= len(blanked.rstrip()) and not error.msg.startswith(("Unterminated", "Invalid control")):
        message = "the file ends too early: a closing bracket or a value is missing"
    elif error.msg.startswith("Invalid control"):
        position = max((m.start() for m in re.finditer(STRING, blanked[:position])), default=position)
    line, column = _line_and_column(text, position)
    return ConfigurationError(message, path=path, line=line, column=column)


def _explain_number(blanked: str, path: str, error: ValueError) -> ConfigurationError:
    """Return the error for `NaN`, `Infinity`, or a number too long to be read: the reader does not say where."""
    for match in re.finditer(NUMBERS, blanked):
        if match["number"]:
            line, column = _line_and_column(blanked, match.start())
            return ConfigurationError("this number cannot be used", path=path, line=line, column=column)
    return ConfigurationError(str(error), path=path)


def _refuse_depth(blanked: str, path: str) -> None:
    """Refuse values nested so deeply that walking them would exhaust the stack; nobody writes such a file by hand."""
    if blanked.count("[") + blanked.count("{") <= DEPTH:
        return
    depth = 0
    for match in re.finditer(TOKENS, blanked):
        depth += (match.group() in "[{") - (match.group() in "]}")
        if depth > DEPTH:
            line, column = _line_and_column(blanked, match.start())
            message = f"the values are nested more than {DEPTH} deep"
            raise ConfigurationError(message, path=path, line=line, column=column)


def _refuse_unusable_escapes(text: str, path: str) -> None:
    """Refuse what no argument, path or variable can hold, before it fails far from the file that said it."""
    if "\\u" not in text:
        return
    for string in re.finditer(STRING, text):
        if found := _unusable_escape(string.group()):
            line, column = _line_and_column(text, string.start() + found.start())
            message = f"{found.group()} cannot be part of a text here"
            raise ConfigurationError(message, path=path, line=line, column=column)


def _unusable_escape(string: str) -> re.Match[str] | None:
    """Return the first escape that stands for NUL or for half of a surrogate pair without its other half."""
    first_half: re.Match[str] | None = None
    for match in re.finditer(r"\\(?:u([0-9a-fA-F]{4})|.)", string):
        code = int(match[1], 16) if match[1] else -1
        second_half = 0xDC00 <= code <= 0xDFFF
        if first_half and not (second_half and match.start() == first_half.end()):
            return first_half
        if code == 0 or (second_half and not first_half):
            return match
        first_half = match if 0xD800 <= code <= 0xDBFF else None
    return first_half
