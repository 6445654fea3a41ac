"""JSON with comments, changed in place: what is around the change stays as it was written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.spec.jsonc import TOKENS, blank_comments, parse_jsonc_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cove.spec.jsonc import JsonValue

    Path = tuple[str | int, ...]


class Span(NamedTuple):
    """Where a value stands in the text."""

    start: int
    end: int
    begin: int
    """Where its line of thought begins: at its key, if it has one."""


def set_member(text: str, keys: Sequence[str | int], name: str, value: JsonValue, path: str) -> str:
    """Return the text with a member of the object that `keys` lead to set: a new one comes last.

    `path` is only named in messages. Raises ConfigurationError where there is no such object.
    """
    parse_jsonc_object(text, path)
    spans = find_spans(blank_comments(text, path))
    owner = tuple(keys)
    if owner not in spans or text[spans[owner].start] != "{":
        raise ConfigurationError(f"`{'.'.join(map(str, owner))}` is no object", path=path)
    if there := spans.get((*owner, name)):
        indent = _indent_at(text, there.begin)
        return text[: there.start] + _render(value, indent, _unit(text)) + text[there.end :]
    members = [span for where, span in spans.items() if where[:-1] == owner and where]
    outer = _indent_at(text, spans[owner].begin)
    indent = _indent_at(text, members[-1].begin) if members else outer + _unit(text)
    member = f"\n{indent}{json.dumps(name, ensure_ascii=False)}: {_render(value, indent, _unit(text))}"
    if members:
        return f"{text[: members[-1].end]},{member}{text[members[-1].end :]}"
    start, end = spans[owner].start + 1, spans[owner].end - 1
    inside = text[start:end]
    rest = inside if "\n" in inside else f"{inside.rstrip()}\n{outer}"
    return f"{text[:start]}{member}{rest}{text[end:]}"


def _render(value: JsonValue, indent: str, unit: str) -> str:
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", f"\n{indent}")


def _indent_at(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip())]


def _unit(text: str) -> str:
    """Return by what the text indents: as its first line that does, else a tab."""
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return found[1] if found else "\t"


def find_spans(blanked: str) -> dict[Path, Span]:
    """Return where each value of a valid text without comments stands; of a key said twice, the last."""
    spans: dict[Path, Span] = {}
    tokens = re.finditer(TOKENS, blanked.replace("\ufeff", " "))
    _walk(next(tokens), tokens, (), -1, spans)
    return spans


def _walk(
    token: re.Match[str], tokens: Iterator[re.Match[str]], path: Path, begin: int, spans: dict[Path, Span]
) -> None:
    start = token.start()
    end = token.end()
    if path in spans:  # said twice: what was said first does not count, nor what is in it
        for where in [where for where in spans if where[: len(path)] == path]:
            del spans[where]
    if token.group() in "[{":
        end = _walk_members(token.group(), tokens, path, spans)
    spans[path] = Span(start, end, start if begin < 0 else begin)


def _walk_members(opening: str, tokens: Iterator[re.Match[str]], path: Path, spans: dict[Path, Span]) -> int:
    number = 0
    for token in tokens:
        if token.group() in "]}":
            return token.end()
        if token.group() == ",":
            continue
        if opening == "[":
            _walk(token, tokens, (*path, number), -1, spans)
            number += 1
        else:
            key = str(json.loads(token.group()))
            next(tokens)
            _walk(next(tokens), tokens, (*path, key), token.start(), spans)
    raise AssertionError("the text was valid")
