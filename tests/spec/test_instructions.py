import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.instructions import parse_directives, parse_heredocs, parse_instructions, split_words


def cut(text: str, escape: str = "\\") -> list[tuple[str, str, int]]:
    return [(item.word, item.rest, item.line) for item in parse_instructions(text, escape, "Dockerfile")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# only\n\n  # comments\n", []),
        ("FROM a\nRUN b", [("FROM", "a", 1), ("RUN", "b", 2)]),
        ("  from a  \r\n\trun b\r\n", [("FROM", "a", 1), ("RUN", "b", 2)]),
        ("RUN a \\\n  b \\\n\n  # note\n  c\nCMD d", [("RUN", "a   b   c", 1), ("CMD", "d", 6)]),
        ("RUN a \\  \n b\n", [("RUN", "a  b", 1)]),
        ("RUN a \\\r\n b\r\nUSER x\r\n", [("RUN", "a  b", 1), ("USER", "x", 3)]),
        ("RUN echo a\\\\\nUSER x\n", [("RUN", "echo a\\\\", 1), ("USER", "x", 2)]),
        ("RUN a \\", [("RUN", "a", 1)]),
        ("RUN\\\n a", [("RUN", "a", 1)]),
        ("# c\n\nUSER\nUSER a # b", [("USER", "", 3), ("USER", "a # b", 4)]),
        ("RUN <<EOF\nFROM x\nEOF\nUSER y", [("RUN", "<<EOF", 1), ("USER", "y", 4)]),
        ("RUN <<-'E O' cat\n\tx\n\tE O\nUSER y", [("RUN", "<<-'E O' cat", 1), ("USER", "y", 4)]),
        ("COPY <<a <<b /x/\n1\na\n2\nb\nUSER y", [("COPY", "<<a <<b /x/", 1), ("USER", "y", 6)]),
        (
            "RUN python3 <<EOF > /x\nprint(1 \\\n)\nEOF\nUSER y",
            [("RUN", "python3 <<EOF > /x", 1), ("USER", "y", 5)],
        ),
        ("ONBUILD RUN <<EOF\nx\nEOF\nUSER y", [("ONBUILD", "RUN <<EOF", 1), ("USER", "y", 4)]),
        ('RUN echo $((1<<3)) "<<EOF"\nUSER y', [("RUN", 'echo $((1<<3)) "<<EOF"', 1), ("USER", "y", 2)]),
        ("ENV A=<<EOF\nUSER y", [("ENV", "A=<<EOF", 1), ("USER", "y", 2)]),
        ("\ufeffFROM a", [("FROM", "a", 1)]),
    ],
)
def test_cuts(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert cut(text) == expected


def test_another_escape() -> None:
    assert cut("RUN dir C:\\\nRUN a `\n b", "`") == [("RUN", "dir C:\\", 1), ("RUN", "a  b", 2)]


def test_each_instruction_knows_its_place() -> None:
    text = "# c\nFROM \\\n  # c\n  debian:\\\nsid AS x\nRUN <<E\nE\nCMD"
    source, run, command = parse_instructions(text, "\\", "")
    assert source.rest == "debian:sid AS x"
    assert text[source.position(0)] == "d"
    assert text[source.position(source.rest.index("sid")) :].startswith("sid AS x\n")
    assert text[run.start : run.end] == "RUN <<E\nE\n"
    assert text[: run.word_end].endswith("RUN")
    assert text[command.start : command.end] == "CMD"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "FROM a\n  && b\n",
            "Dockerfile:2:3: an instruction was expected here, such as RUN or COPY, not `&&`",
        ),
        ("[1]", "Dockerfile:1:1: an instruction was expected here, such as RUN or COPY, not `[1]`"),
        (
            "FROM a\nRUN <<EOF\nx\n EOF\n",
            "Dockerfile:2: the here-document <<EOF is never closed by a line with `EOF` alone",
        ),
    ],
)
def test_refuses_with_the_place(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cut(text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# syntax=docker/dockerfile:1\n# escape=`\nFROM a",
            {"syntax": "docker/dockerfile:1", "escape": "`"},
        ),
        ("#Syntax = x \r\n", {"syntax": "x"}),
        ("# a comment\n# escape=`\n", {}),
        ("\n# escape=`\n", {}),
        ("# unknown=1\n# escape=`\n", {}),
        ("FROM a", {}),
    ],
)
def test_reads_directives(text: str, expected: dict[str, str]) -> None:
    assert parse_directives(text) == expected


@pytest.mark.parametrize(
    ("word", "rest", "expected"),
    [
        ("RUN", "<<EOF", [("EOF", False)]),
        ("RUN", "--mount=type=cache,target=/x <<-EOF", [("EOF", True)]),
        ("COPY", '<<"a.txt" 3<<b /x', [("a.txt", False), ("b", False)]),
        ("ONBUILD", "ADD <<a /x", [("a", False)]),
        ("ONBUILD", "", []),
        ("CMD", "<<EOF", []),
        ("RUN", "cat <<<word", []),
        ("RUN", "'<<a' \"b <<c d\" x\\ <<e", []),
    ],
)
def test_finds_here_documents(word: str, rest: str, expected: list[tuple[str, bool]]) -> None:
    assert parse_heredocs(word, rest) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b", ["a", "b"]),
        (" 'a b' \"c d\"e ", ["'a b'", '"c d"e']),
        ("a\\ b c", ["a\\ b", "c"]),
        ("'a\\' b", ["'a\\'", "b"]),
        ('"a\\" b" c', ['"a\\" b"', "c"]),
        ("", []),
        ("'open a", ["'open a"]),
    ],
)
def test_splits_words(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in split_words(text)] == words


LINES = st.lists(
    st.sampled_from(["RUN a", "FROM b", "# c", "", " \\", "x \\", "RUN <<E", "E", "\tE", "COPY <<-E /"]),
    max_size=12,
)


@given(LINES, st.sampled_from(["\n", "\r\n"]))
def test_instructions_follow_one_another_and_say_where_they_are(lines: list[str], newline: str) -> None:
    text = newline.join(lines)
    try:
        instructions = parse_instructions(text, "\\", "")
    except ConfigurationError:
        return
    position = 0
    for item in instructions:
        assert position <= item.start < item.end <= len(text)
        assert text[: item.start].count("\n") + 1 == item.line
        assert text[: item.word_end].upper().endswith(item.word)
        assert all(text[item.position(index)] == letter for index, letter in enumerate(item.rest))
        position = item.end
