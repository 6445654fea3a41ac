from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, UsageError
from cove.spec.gpus import (
    ALL,
    NONE,
    GpuRequest,
    choose_request,
    describe_request,
    parse_cove_gpus,
    parse_gpu_option,
    parse_gpu_words,
    parse_requirement,
    split_run_args,
)
from cove.spec.narrow import Spot

if TYPE_CHECKING:
    from cove.spec.jsonc import JsonValue

UUID = "GPU-c07e0000-fa4e-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", GpuRequest(2)),
        ("0", GpuRequest(0)),
        ("all", GpuRequest(ALL)),
        ("ALL", GpuRequest(ALL)),
        ("none", NONE),
        (UUID, GpuRequest(1, (UUID,))),
        (f"{UUID},MIG-1/2", GpuRequest(2, (UUID, "MIG-1/2"))),
        ("device=0", GpuRequest(1, ("0",))),
        ("device=0,2", GpuRequest(2, ("0", "2"))),
        ('"device=0,2"', GpuRequest(2, ("0", "2"))),
        ("'\"device=1\"'", GpuRequest(1, ("1",))),
        ("index=3", GpuRequest(1, ("3",))),
        ("device=0:1", GpuRequest(1, ("0:1",))),
        ("count=2,capabilities=compute", GpuRequest(2)),
        ("capabilities=gpu,count=all", GpuRequest(ALL)),
        ("two", None),
        ("device=", None),
        ("-1", None),
    ],
)
def test_words(text: str, expected: GpuRequest | None) -> None:
    assert parse_gpu_words(text, origin="") == expected


def test_the_option_says_where_it_stood_and_what_it_takes() -> None:
    assert parse_gpu_option("2").origin == "--gpus 2"
    with pytest.raises(UsageError, match="`--gpus many` names no GPUs") as caught:
        parse_gpu_option("many")
    assert "device=0,1" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, GpuRequest(2)),
        (0, NONE),
        ("all", GpuRequest(ALL)),
        ("none", NONE),
        (UUID, GpuRequest(1, (UUID,))),
        ({}, GpuRequest(1)),
        (
            {"count": 2, "memory": "40gb", "name": "A100", "shared": True},
            GpuRequest(2, memory=40 << 30, name="A100", shared=True),
        ),
        ({"count": "all", "shared": True}, GpuRequest(ALL, shared=True)),
    ],
)
def test_cove_gpus(value: JsonValue, expected: GpuRequest) -> None:
    assert parse_cove_gpus(value, Spot())._replace(origin="") == expected


TEXT = '{\n  "gpus": {"count": true,\n    "memori": 3}}'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, r"`gpus` must be a number"),
        (-1, r"`gpus` must be a number"),
        ("some", r"`gpus` must be a number"),
        ({"count": True}, r"d\.json:2:12: `gpus\.count` must be a number"),
        ({"memori": 3}, r"d\.json:3:5: `gpus\.memori` is not known"),
        ({"shared": 1}, r"`gpus\.shared` must be true or false"),
    ],
)
def test_wrong_cove_gpus(value: JsonValue, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_cove_gpus(value, Spot(TEXT, "d.json") / "gpus")


@pytest.mark.parametrize(
    ("gpu", "expected"),
    [
        (None, None),
        (False, None),
        (True, GpuRequest()),
        ("optional", GpuRequest(optional=True)),
        ({"cores": 1000, "memory": "8gb"}, GpuRequest(memory=8 << 30, cores=1000)),
        ({"memory": "8589934592"}, GpuRequest(memory=8 << 30)),
    ],
)
def test_requirements(gpu: JsonValue, expected: GpuRequest | None) -> None:
    assert parse_requirement({"gpu": gpu}, "") == expected


@pytest.mark.parametrize(
    ("words", "expected", "rest"),
    [
        ((), None, ()),
        (("--ipc", "host"), None, ("--ipc", "host")),
        (("--gpus", "all"), GpuRequest(ALL), ()),
        (("--ipc=host", "--gpus=all", "--rm"), GpuRequest(ALL), ("--ipc=host", "--rm")),
        (("--gpus", '"device=1,2"'), GpuRequest(2, ("1", "2")), ()),
        (("--device", "nvidia.com/gpu=all"), GpuRequest(ALL), ()),
        (("--device=nvidia.com/gpu=0", "--device", f"nvidia.com/gpu={UUID}"), GpuRequest(2, ("0", UUID)), ()),
        (
            ("--device", "/dev/fuse", "--device=amd.com/gpu=1"),
            GpuRequest(1, ("1",)),
            ("--device", "/dev/fuse"),
        ),
        (("--gpus", "all", "--device=nvidia.com/gpu=all"), GpuRequest(ALL), ()),
        (("--gpus",), None, ("--gpus",)),
    ],
)
def test_run_args(words: tuple[str, ...], expected: GpuRequest | None, rest: tuple[str, ...]) -> None:
    found, left = split_run_args(words, Spot())
    assert (found and found._replace(origin=""), left) == (expected, rest)


def test_run_args_that_contradict_each_other_name_both_places() -> None:
    text = '{\n"runArgs": [\n"--gpus=all",\n"--gpus=2"]}'
    with pytest.raises(ConfigurationError, match=r"at d\.json:3:1 and, otherwise, at d\.json:4:1"):
        split_run_args(("--gpus=all", "--gpus=2"), Spot(text, "d.json") / "runArgs")


CLI, COVE, ARGS = GpuRequest(1, origin="--gpus 1"), GpuRequest(2, origin="c"), GpuRequest(ALL, origin="a")
NEED, WISH = GpuRequest(memory=8, cores=9, origin="r"), GpuRequest(optional=True, origin="r")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, None),
        ({"requirement": WISH}, WISH),
        ({"requirement": NEED}, NEED),
        ({"run_args": ARGS}, ARGS),
        ({"cove": COVE, "requirement": NEED}, COVE._replace(memory=8, cores=9)),
        ({"cove": COVE, "requirement": WISH}, COVE._replace(optional=True)),
        ({"run_args": ARGS, "requirement": WISH}, ARGS._replace(optional=True)),
        ({"option": CLI, "cove": COVE, "requirement": WISH}, CLI),
        ({"option": NONE, "requirement": NEED}, NONE),
        ({"cove": NONE, "requirement": WISH}, NONE),
        ({"cove": ARGS, "run_args": ARGS}, ARGS),
        ({"needed_by_image": "the image"}, GpuRequest(optional=True, origin="the image")),
        ({"needed_by_image": "the image", "cove": NONE}, NONE),
    ],
)
def test_one_request(said: dict[str, GpuRequest], expected: GpuRequest | None) -> None:
    assert choose_request(**said) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said", [{"cove": COVE, "run_args": ARGS}, {"cove": NONE._replace(origin="c"), "requirement": NEED}]
)
def test_what_contradicts_is_an_error_that_names_both(said: dict[str, GpuRequest]) -> None:
    with pytest.raises(UsageError, match=r"the GPUs of c .* contradict"):
        choose_request(**said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (NONE, "no GPU"),
        (GpuRequest(), "a GPU"),
        (GpuRequest(ALL), "all GPUs"),
        (GpuRequest(2, memory=40 << 30, name="A100"), "2 GPUs with 40 GiB named A100"),
        (GpuRequest(1, ("3",), cores=10), "GPU 3 and 10 cores"),
    ],
)
def test_words_for_a_person(request_: GpuRequest, text: str) -> None:
    assert describe_request(request_) == text
