"""A Dockerfile's text cut into instructions, each with its place, as BuildKit's parser cuts it.

Knows the escape directive, continued lines with comments and empty lines between, and here-documents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTIVE = r"(?i)#\s*(syntax|escape|check)\s*=\s*(.*?)\s*"
FIRST_WORD = r"\s*([A-Za-z]+)(?:\s+|$)"
HEREDOC = r"\d*<<(-?)([^<]+)"
HEREDOC_WORDS = ("RUN", "COPY", "ADD")


class Piece(NamedTuple):
    """A run of characters of the file that stands in an instruction's joined text, and where it stands in both."""

    at: int
    start: int
    text: str


class Instruction(NamedTuple):
    """One instruction: its word in capitals, and what follows it."""

    word: str
    rest: str
    """The rest of the line, continued lines joined, comments left out."""
    word_at: int
    rest_at: int
    """Where `word` and `rest` begin in the joined line."""
    pieces: tuple[Piece, ...]
    start: int
    """Where its first line begins in the file."""
    end: int
    """Just after its last line's newline, the body of a here-document included."""
    line: int
    """From 1."""

    def position(self, index: int) -> int:
        """Return where in the file the character of `rest` at `index` is."""
        return self._place(self.rest_at + index)

    @property
    def word_end(self) -> int:
        """Where in the file the instruction's own word ends."""
        return self._place(self.word_at + len(self.word) - 1) + 1

    def _place(self, index: int) -> int:
        piece = next(piece for piece in reversed(self.pieces) if piece.at <= index)
        return piece.start + index - piece.at


def parse_directives(text: str) -> dict[str, str]:
    """Return the parser directives at the very top: `syntax`, `escape`, `check`."""
    directives: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").split("\n"):
        found = re.fullmatch(DIRECTIVE, line.strip())
        if not found or found[1].lower() in directives:
            break
        directives[found[1].lower()] = found[2]
    return directives


def parse_instructions(text: str, escape: str, path: str) -> tuple[Instruction, ...]:
    """Return the instructions in order.

    Raises ConfigurationError for a line that begins with no word, and for a here-document without its end.
    """
    return tuple(_instructions(text, escape, path))


def _instructions(text: str, escape: str, path: str) -> Iterator[Instruction]:
    continued = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*\r?\n?$")
    position = 1 if text.startswith("\ufeff") else 0
    while position < len(text):
        start = position
        pieces: list[Piece] = []
        at = 0
        more = True
        while more and position < len(text):
            line = _line(text, position)
            position += len(line)
            bare = line.strip()
            if not bare or bare.startswith("#"):
                more = bool(pieces)  # between continued lines these are passed over
                start = start if pieces else position
                continue
            found = continued.search(line)
            piece = line[: found.start()] if found else line.rstrip("\r\n")
            pieces.append(Piece(at, position - len(line), piece))
            at += len(piece)
            more = found is not None
        if any(piece.text.strip() for piece in pieces):
            instruction = _instruction(text, pieces, (start, position), path)
            position = _end_of_heredocs(text, instruction, escape, path)
            yield instruction._replace(end=position)


def _line(text: str, position: int) -> str:
    newline = text.find("\n", position)
    return text[position:] if newline < 0 else text[position : newline + 1]


def _instruction(text: str, pieces: list[Piece], span: tuple[int, int], path: str) -> Instruction:
    joined = "".join(piece.text for piece in pieces)
    start = pieces[0].start
    line = text.count("\n", 0, start) + 1
    found = re.match(FIRST_WORD, joined)
    if not found:
        column = len(joined) - len(joined.lstrip()) + 1
        message = f"an instruction was expected here, such as RUN or COPY, not `{joined.split()[0][:40]}`"
        raise ConfigurationError(message, path=path, line=line, column=column)
    return Instruction(
        word=found[1].upper(),
        rest=joined[found.end() :].rstrip(),
        word_at=found.start(1),
        rest_at=found.end(),
        pieces=tuple(pieces),
        start=start,
        end=span[1],
        line=line,
    )


def _end_of_heredocs(text: str, instruction: Instruction, escape: str, path: str) -> int:
    position = instruction.end
    for name, strips_tabs in parse_heredocs(instruction.word, instruction.rest, escape):
        closed = False
        while not closed:
            line = _line(text, position)
            if not line:
                message = f"the here-document <<{name} is never closed by a line with `{name}` alone"
                raise ConfigurationError(message, path=path, line=instruction.line)
            position += len(line)
            body = line.rstrip("\r\n")
            closed = (body.lstrip("\t") if strips_tabs else body) == name
    return position


def parse_heredocs(word: str, rest: str, escape: str = "\\") -> list[tuple[str, bool]]:
    """Return name and "leading tabs do not count" of each here-document an instruction opens: `RUN <<-EOF`."""
    while word == "ONBUILD":
        found = re.match(FIRST_WORD, rest)
        word, rest = (found[1].upper(), rest[found.end() :]) if found else ("", "")
    if word not in HEREDOC_WORDS or "<<" not in rest:
        return []
    words = (rest[start:end] for start, end in split_words(rest, escape))
    matches = (re.fullmatch(HEREDOC, item) for item in words)
    return [(re.sub(r"['\"]", "", found[2]), bool(found[1])) for found in matches if found]


def split_words(text: str, escape: str = "\\") -> list[tuple[int, int]]:
    """Return the spans of the words of a line; quotes and the escape character keep a space in its word."""
    spans = []
    start, quote, index = -1, "", 0
    while index < len(text):
        character = text[index]
        if start < 0 and not character.isspace():
            start = index
        if character == escape and quote != "'":
            index += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character.isspace() and start >= 0:
            spans.append((start, index))
            start = -1
        index += 1
    return [*spans, (start, len(text))] if start >= 0 else spans
