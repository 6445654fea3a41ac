import pytest

from cove.errors import ConfigurationError
from cove.spec import narrow
from cove.spec.narrow import Spot

SPOT = Spot(path="f.json") / "key"


@pytest.mark.parametrize(
    ("parse", "value", "parsed"),
    [
        (narrow.parse_bool, False, False),
        (narrow.parse_text, "", ""),
        (narrow.parse_texts, ["a", "b"], ("a", "b")),
        (narrow.parse_text_or_texts, "a", ("a",)),
        (narrow.parse_text_or_texts, ["a"], ("a",)),
        (narrow.parse_object, {"a": 1}, {"a": 1}),
        (narrow.parse_objects, {"a": {}}, {"a": {}}),
        (narrow.parse_ports, [3000, "db:5432"], (3000, "db:5432")),
        (narrow.parse_port_or_ports, 3000, (3000,)),
        (
            narrow.parse_env,
            {"A": "1", "B": None, "C": 3000, "D": True, "E": 1.5},
            {"A": "1", "B": None, "C": "3000", "D": "true", "E": "1.5"},
        ),
        (narrow.parse_size, "4gb", 4 * 2**30),
        (narrow.parse_size, "512MB", 512 * 2**20),
        (narrow.parse_size, "8 GiB", 8 * 2**30),
        (narrow.parse_size, "1024", 1024),
        (narrow.parse_size, 7, 7),
        (
            narrow.parse_requirements,
            {"cpus": 4, "memory": "8gb", "gpu": {"memory": "1gb"}},
            {"cpus": 4, "memory": "8gb", "gpu": {"memory": "1gb"}},
        ),
        (
            narrow.parse_requirements,
            {"gpu": "optional", "storage": None},
            {"gpu": "optional", "storage": None},
        ),
        (narrow.choice_of("a", "b"), "b", "b"),
    ],
)
def test_takes(parse, value, parsed) -> None:
    assert parse(value, SPOT) == parsed


@pytest.mark.parametrize(
    ("parse", "value", "words"),
    [
        (narrow.parse_bool, "true", "`key` must be true or false, but it is a string"),
        (narrow.parse_bool, 1, "`key` must be true or false, but it is a number"),
        (narrow.parse_text, 1, "`key` must be a string, but it is a number"),
        (narrow.parse_texts, "a", "`key` must be an array of strings, but it is a string"),
        (narrow.parse_texts, ["a", None], "`key[1]` must be a string, but it is null"),
        (narrow.parse_object, [], "`key` must be an object, but it is an array"),
        (narrow.parse_objects, {"3000": "x"}, "`key.3000` must be an object"),
        (narrow.parse_ports, 3000, "`key` must be an array of ports, but it is a number"),
        (narrow.parse_ports, [70000], "`key[0]` must be a port"),
        (narrow.parse_ports, [True], "`key[0]` must be a port"),
        (narrow.parse_ports, [""], "`key[0]` must be a port"),
        (narrow.parse_env, {"A": []}, "`key.A` must be a string, but it is an array"),
        (narrow.parse_env, {"A=B": "x"}, "a variable's name"),
        (narrow.parse_env, {"": "x"}, "a variable's name"),
        (narrow.parse_size, "4 bananas", "`key` must be a size"),
        (narrow.parse_size, -1, "`key` must be a size"),
        (narrow.parse_size, True, "`key` must be a size"),
        (narrow.parse_requirements, {"memory": "much"}, "`key.memory` must be a size"),
        (narrow.parse_requirements, {"cpus": "4"}, "`key.cpus` must be a number"),
        (narrow.parse_requirements, {"gpu": "yes"}, "gpu"),
        (narrow.choice_of("a", "b"), "c", "`key` must be one of a, b"),
        (narrow.choice_of("a", "b"), None, "`key` must be one of a, b"),
    ],
)
def test_refuses(parse, value, words) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(value, SPOT)
    assert caught.value.message.startswith("f.json: ")
    assert words in caught.value.message


def test_an_error_knows_its_line() -> None:
    spot = Spot('{\n "a": [1,\n  2]}', "f.json") / "a" / 1
    assert spot.name == "a[1]"
    assert spot.error("wrong").message == "f.json:3:3: wrong"
