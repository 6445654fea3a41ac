from __future__ import annotations

import argparse

import pytest

from cove.cli.gpu_options import add_gpu_arguments, parse_gpu_arguments
from cove.errors import UsageError
from cove.workspace.gpu_wish import GpuOptions


def parse(*words: str) -> GpuOptions | None:
    parser = argparse.ArgumentParser()
    add_gpu_arguments(parser)
    return parse_gpu_arguments(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), None),
        (("--gpus", "2"), GpuOptions("2")),
        (("--gpus=all", "--share"), GpuOptions("all", share=True)),
        (("--wait",), GpuOptions(wait=True)),
    ],
)
def test_words(words: tuple[str, ...], expected: GpuOptions | None) -> None:
    assert parse(*words) == expected


def test_words_that_name_no_gpus_are_refused_before_any_work() -> None:
    with pytest.raises(UsageError, match="`--gpus many` names no GPUs"):
        parse("--gpus", "many")
