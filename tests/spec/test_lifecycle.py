import pytest

from cove.errors import ConfigurationError
from cove.spec.lifecycle import LifecycleStep, parse_command, render_command
from cove.spec.narrow import Spot

SPOT = Spot(path="f.json") / "postCreateCommand"

CASES = [
    ("make all", (LifecycleStep("", ("/bin/sh", "-c", "make all")),)),
    (["make", "all"], (LifecycleStep("", ("make", "all")),)),
    (
        {"server": "npm start", "db": ["mysql", "-u", "root"]},
        (
            LifecycleStep("server", ("/bin/sh", "-c", "npm start")),
            LifecycleStep("db", ("mysql", "-u", "root")),
        ),
    ),
    ({"one": "ls"}, (LifecycleStep("one", ("/bin/sh", "-c", "ls")),)),
]


@pytest.mark.parametrize(("value", "command"), CASES)
def test_reads_and_writes_the_three_spellings(value, command) -> None:
    assert parse_command(value, SPOT) == command
    assert render_command(command) == value


@pytest.mark.parametrize("value", ["", "  ", [], {}, {"a": "", "b": []}])
def test_nothing_to_do_has_no_steps(value) -> None:
    assert parse_command(value, SPOT) == ()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (3, "postCreateCommand"),
        ([1], "postCreateCommand[0]"),
        ({"a": {"b": "c"}}, "postCreateCommand.a"),
        (True, "postCreateCommand"),
    ],
)
def test_refuses_other_kinds(value, name) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_command(value, SPOT)
    assert f"`{name}` must be" in caught.value.message
