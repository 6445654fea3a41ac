import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cove.errors import ConfigurationError
from cove.spec.jsonc import describe, locate, parse_jsonc, parse_jsonc_object


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1} // end', {"a": 1}),
        ('/* a\n b */ {"a": /* in */ 1}', {"a": 1}),
        ("[1, 2, /* last */ ]", [1, 2]),
        ('{"a": [1,],\n}\n', {"a": [1]}),
        ('{"url": "https://x//y", "glob": "/* no */ ,]"}', {"url": "https://x//y", "glob": "/* no */ ,]"}),
        ('{"quote": "a\\"// b"}', {"quote": 'a"// b'}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"a": "\\ud83d\\ude00 \\u00e4"}', {"a": "😀 ä"}),
        ('{"a": "\\\\u0000"}', {"a": "\\u0000"}),
        ("// only\r\n{}\r\n", {}),
        ("null", None),
    ],
)
def test_reads(text: str, value: object) -> None:
    assert parse_jsonc(text, "f.json") == value


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("", "1:1", "empty"),
        (" \n// nothing but this\n", "1:1", "empty"),
        ('{"a": 1', "1:8", "ends too early"),
        ('{\n  "a": [1, 2\n', "3:1", "ends too early"),
        ('{"a":}', "1:6", "a value is missing"),
        ('{"a": tru}', "1:7", "a value is missing"),
        ("[,]", "1:2", "a value is missing"),
        ("[1,,]", "1:4", "a value is missing"),
        ('{"a" 1}', "1:6", "colon"),
        ('{"a": 1 "b": 2}', "1:9", "comma"),
        ("{a: 1}", "1:2", "double quotes"),
        ("{'a': 1}", "1:2", "double quotes"),
        ('{"a": "b\n"}', "1:7", "not closed"),
        ('{"a": "b', "1:7", "not closed"),
        ('{\n "a": "\\x"}', "2:8", "escape"),
        ('{\n /* never\n "a": 1}', "2:2", "never closed"),
        ('{"a": 1} {"b": 2}', "1:10", "goes on after"),
        ('{"a": NaN}', "1:7", "number"),
        ('{"NaN": "NaN", "a": -Infinity}', "1:21", "number"),
        ('{"a": 1' + "0" * 5000 + "}", "1:7", "number"),
        ('{"a": "ä\\u00e4\\u0000"}', "1:15", "\\u0000"),
        ('{"a": "\\ud800x"}', "1:8", "\\ud800"),
        ('{"a": "\\ud83d\\ude00", "b": "\\ude00"}', "1:29", "\\ude00"),
        # Comments do not move what comes after them.
        ('// one\n{ /* two */ "a": ?', "2:18", "a value is missing"),
        ('\ufeff{"a": ?', "1:7", "a value is missing"),
    ],
)
def test_refuses_with_the_place(text: str, where: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_jsonc(text, "f.json")
    assert caught.value.message.startswith(f"f.json:{where}: ")
    assert words in caught.value.message


def test_refuses_what_is_nested_too_deeply() -> None:
    with pytest.raises(ConfigurationError, match=r"^f.json:2:496: the values are nested"):
        parse_jsonc("{\n" + '{"a":' * 99 + "[" * 100_000, "f.json")
    assert parse_jsonc("[" * 100 + "]" * 100 + '//"[[', "f.json")
    assert parse_jsonc('["' + "[" * 200 + '", ' + "[]," * 200 + "]", "f.json")


@pytest.mark.parametrize(
    ("text", "where"), [("[]", "1:1"), ('// x\n "text"', "2:2"), ("\n null", "2:2"), ("7", "1:1")]
)
def test_only_an_object_is_a_configuration(text: str, where: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^f.json:{where}: the file must hold an object"):
        parse_jsonc_object(text, "f.json")


TEXT = """\
{
  // a comment with "mounts": here
  "image": "x", "mounts": [
    "first",
    { "source": "a", "target": "b" }, ["deep", [1, 2]]
  ],
  "env": {"A": "1", "A": "2", "\\u0042": 3},
}
"""


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ((), (1, 1)),
        (("image",), (3, 3)),
        (("mounts",), (3, 17)),
        (("mounts", 0), (4, 5)),
        (("mounts", 1), (5, 5)),
        (("mounts", 1, "target"), (5, 22)),
        (("mounts", 2, 1, 1), (5, 52)),
        (("env", "A"), (7, 21)),
        (("env", "B"), (7, 31)),
        (("mounts", 3), (0, 0)),
        (("first",), (0, 0)),
        (("env", 0), (0, 0)),
    ],
)
def test_locates(keys: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert locate(TEXT, keys) == place


def test_locates_in_a_text_that_breaks_off() -> None:
    assert locate('{"a": {"b": [1, {"c"', ("a", "b", 1, "c")) == (1, 18)
    assert locate("}]", ("a",)) == (0, 0)
    assert locate("/* open", ()) == (0, 0)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
FILLERS = st.sampled_from(["", " ", "\n", "// c, ]\n", '/* " { */', "/**/", "\t/* a\nb */\r\n"])


def spell(value: object, filler: list[str]) -> str:
    """Write a value with a filler at every joint, and trailing commas."""

    def gap() -> str:
        filler.append(filler.pop(0))
        return filler[-1]

    if isinstance(value, list):
        return "[" + "".join(f"{gap()}{spell(item, filler)}{gap()}," for item in value) + gap() + "]"
    if isinstance(value, dict):
        members = (
            f"{gap()}{json.dumps(key)}{gap()}:{gap()}{spell(item, filler)}," for key, item in value.items()
        )
        return "{" + "".join(members) + gap() + "}"
    return json.dumps(value, ensure_ascii=False)


@given(VALUES, st.lists(FILLERS, min_size=1, max_size=5))
def test_comments_and_trailing_commas_change_nothing(value: object, fillers: list[str]) -> None:
    value = json.loads(json.dumps(value).replace("\\u0000", ""))  # keys may still hold a NUL
    assert parse_jsonc(spell(value, list(fillers)), "f.json") == value


@given(VALUES)
def test_every_member_is_located_where_it_stands(value: object) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    lines = text.split("\n")

    def check(part: object, keys: tuple[str | int, ...]) -> None:
        members = (
            part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        )
        for key, member in members:
            line, column = locate(text, (*keys, key))
            said = key if isinstance(part, dict) else member
            start = (
                "["
                if isinstance(said, list)
                else "{"
                if isinstance(said, dict)
                else json.dumps(said, ensure_ascii=False)
            )
            assert lines[line - 1][column - 1 :].startswith(start)
            check(member, (*keys, key))

    check(value, ())


@given(st.text(st.sampled_from("{}[]:,\"\\/*\n \ufeffa1-'utrnl.e"), max_size=30))
def test_any_text_is_a_value_or_a_configuration_error(text: str) -> None:
    locate(text, ("a", 0))
    refused: ConfigurationError | None = None
    try:
        parse_jsonc(text, "f.json")
    except ConfigurationError as error:
        refused = error
    assert refused is None or (refused.line > 0 and refused.column > 0)


@given(VALUES.filter(lambda value: isinstance(value, dict | list)), st.data())
def test_a_text_cut_short_is_refused(value: object, data: st.DataObject) -> None:
    text = json.dumps(value)
    with pytest.raises(ConfigurationError):
        parse_jsonc(text[: data.draw(st.integers(0, len(text) - 1))], "f.json")


def test_describes_each_kind() -> None:
    assert [describe(value) for value in (None, True, 1, 1.5, "", [], {})] == [
        "null",
        "true",
        "a number",
        "a number",
        "a string",
        "an array",
        "an object",
    ]
