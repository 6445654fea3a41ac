from __future__ import annotations

import argparse

import pytest

from cove.cli.lock_options import add_lock_arguments


def test_one_or_the_other() -> None:
    parser = argparse.ArgumentParser()
    add_lock_arguments(parser)
    assert vars(parser.parse_args(["--frozen-lockfile"])) == {"frozen_lockfile": True, "no_lockfile": False}
    assert parser.parse_args(["--no-lockfile"]).no_lockfile
    with pytest.raises(SystemExit):
        parser.parse_args(["--no-lockfile", "--frozen-lockfile"])
