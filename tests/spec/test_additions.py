"""`customizations.cove`: what may be said, and what is refused or only told."""

from __future__ import annotations

import pytest

from cove.errors import ConfigurationError
from cove.spec.additions import CACHE_KINDS, KEYS, Additions, parse_additions
from cove.spec.config import parse_configuration
from cove.spec.narrow import Spot


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, Additions()),
        ({"isolated": True}, Additions(isolated=True)),
        ({"shmSize": "8gb"}, Additions(shm_size=8 * 2**30)),
        ({"shmSize": 1024}, Additions(shm_size=1024)),
        ({"shmSize": False}, Additions(shm_size=0)),
        ({"shmSize": None}, Additions()),
        ({"limits": False, "init": False}, Additions(limits=False, init=False)),
        ({"caches": True}, Additions(caches=CACHE_KINDS)),
        ({"caches": False}, Additions(caches=())),
        ({"caches": ["uv", "pip"]}, Additions(caches=("pip", "uv"))),
        ({"gpus": {"count": 2}}, Additions()),
    ],
)
def test_values(members: dict[str, object], expected: Additions) -> None:
    assert parse_additions(members, Spot()) == expected  # type: ignore[arg-type]  # JSON of each kind


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{"isolated": "yes"}', "must be true or false, but it is a string"),
        ('{"shmSize": true}', "must be a size such as `512mb` or `4gb`"),
        ('{"caches": "pip"}', "must be true, false or an array of strings, but it is a string"),
        ('{"caches": ["pipe"]}', "`customizations.cove.caches[0]` must be one of huggingface, torch, pip"),
        ('{"gpus": []}', 'must be a number, "all", "none", UUIDs or an object'),
    ],
)
def test_refused_with_its_place(written: str, message: str) -> None:
    text = f'{{"image": "debian",\n "customizations": {{"cove": {written}}}}}'
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, path="/w/.devcontainer.json", folder="/w")
    assert message in caught.value.message
    assert caught.value.message.startswith("/w/.devcontainer.json:2:")


def test_what_is_unknown_is_told_with_its_place() -> None:
    text = '{"image": "debian",\n "customizations": {"cove": {"shmsize": 1, "colour": "red"}}}'
    told = parse_configuration(text, path="/w/d.json", folder="/w").additions.unknown
    assert told == (
        "/w/d.json:2:30: cove does not know `customizations.cove.shmsize`: did you mean `shmSize`?",
        "/w/d.json:2:44: cove does not know `customizations.cove.colour`",
    )


def test_every_field_has_its_key() -> None:
    assert {key.field for key in KEYS if key.field} | {"unknown"} == set(Additions._fields)
    assert [key.name for key in KEYS] == sorted(key.name for key in KEYS)


def test_what_stays_here_is_an_array_of_patterns() -> None:
    spot = Spot()
    assert parse_additions({"syncIgnore": ["data", "*.pt"]}, spot).left_out == ("data", "*.pt")
    for wrong in ("data", [1], [""]):
        with pytest.raises(ConfigurationError):
            parse_additions({"syncIgnore": wrong}, spot)
