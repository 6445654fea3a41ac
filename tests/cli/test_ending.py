"""The end of a command by a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

from cove.cli.ending import Ended, end_code

PROGRAM = """
    import argparse, sys, time
    import cove.cli, cove.cli.parser

    def run(_):
        try:
            print("at work", flush=True)
            time.sleep(30)
        finally:
            time.sleep(0.2)
            print("cleared", flush=True)

    cove.cli.parser.parse = lambda _: argparse.Namespace(command="up", run=run)
    sys.exit(cove.cli.main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_was_made_is_cleared_away(number: int) -> None:
    argv = (sys.executable, "-c", textwrap.dedent(PROGRAM))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(number)
        if number != signal.SIGINT:
            process.send_signal(number)  # a second one changes nothing
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (128 + number, "cleared\n", "\nInterrupted.\n")


def test_an_ignored_signal_stays_ignored() -> None:
    argv = ("sh", "-c", 'trap "" HUP; exec "$@"', "-", sys.executable, "-c")
    program = "import cove.cli.ending as e, os, signal; e.take_endings(); os.kill(os.getpid(), signal.SIGHUP)"
    assert subprocess.run((*argv, program), check=False).returncode == 0


def test_codes() -> None:
    assert [end_code(error) for error in (KeyboardInterrupt(), Ended(15), Ended(1))] == [130, 143, 129]
