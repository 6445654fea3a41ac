from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from cove.host.proc import (
    Command,
    CommandMissing,
    CommandTimeout,
    HostRunner,
    Outcome,
    open_pipe,
    start_detached,
    stop,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNNER = HostRunner()


def shell(text: str, **more: object) -> Command:
    return Command(("sh", "-c", text), **more)  # type: ignore[arg-type]


def ends(pid: int) -> bool:
    """Whether a process that was killed is gone: the kernel may take a moment on a busy machine."""
    limit = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < limit:
        time.sleep(0.01)
    return not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether a process lives, and is not merely waiting to be forgotten."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_command_shows_as_one_would_type_it_without_secrets() -> None:
    command = Command(("docker", "run", "-e", "TOKEN=hunter2 x", "a b"), secrets=("hunter2",))
    assert str(command) == "docker run -e 'TOKEN=*** x' 'a b'"


def test_run_captures_and_reports(tmp_path: Path) -> None:
    outcome = RUNNER.run(
        shell('cat; echo "$A"; pwd; echo bad >&2; exit 3', env={"A": "1"}, cwd=str(tmp_path), stdin=b"in\n")
    )
    assert (outcome.code, outcome.stdout, outcome.stderr) == (3, f"in\n1\n{tmp_path}\n", "bad\n")
    assert not outcome.ok
    assert outcome.last_lines() == "bad"


def test_without_stdin_a_command_reads_nothing() -> None:
    assert RUNNER.run(shell("cat; echo end")).stdout == "end\n"


@pytest.mark.parametrize(
    ("text", "code"), [("exit 0", 0), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
def test_exit_codes_are_a_shells(text: str, code: int) -> None:
    assert RUNNER.run(shell(text)).code == code
    assert RUNNER.stream(shell(text), lambda line: None).code == code


def test_bytes_that_are_no_text_do_not_hurt() -> None:
    assert "x" in RUNNER.run(shell(r"printf '\377x'")).stdout


@pytest.mark.parametrize(
    "run", [RUNNER.run, lambda command: RUNNER.stream(command, print), RUNNER.attach, open_pipe]
)
def test_a_missing_program_is_said(run: object) -> None:
    with pytest.raises(CommandMissing, match="no-such-program"):
        run(Command(("no-such-program",)))  # type: ignore[operator]


def test_a_missing_working_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandMissing, match="gone"):
        RUNNER.run(Command(("true",), cwd=str(tmp_path / "gone")))


def test_stream_hands_over_each_line_in_order() -> None:
    lines: list[str] = []
    outcome = RUNNER.stream(shell("cat; echo two >&2; printf three", stdin=b"one\r\n"), lines.append)
    assert lines == ["one", "two", "three"]
    assert outcome.stdout == "one\ntwo\nthree"


def test_a_timeout_ends_the_command_and_all_it_started(tmp_path: Path) -> None:
    # A shell that ignores TERM, and a grandchild that holds the pipe open.
    text = f"trap '' TERM; sleep 60 & echo $! > {tmp_path}/child; wait; sleep 60"
    with pytest.raises(CommandTimeout, match=r"within 0\.5 s"):
        RUNNER.run(shell(text, timeout=0.5))
    assert ends(int((tmp_path / "child").read_text()))


def test_a_callback_that_fails_ends_the_command(tmp_path: Path) -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="first"):
        RUNNER.stream(shell(f"echo $$ > {tmp_path}/pid; echo first; sleep 60"), fail)
    assert ends(int((tmp_path / "pid").read_text()))


def test_attach_uses_our_terminal_and_leaves_interrupts_to_the_command(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert RUNNER.attach(shell("echo out; kill -INT $PPID; exit 4")) == 4
    assert capfd.readouterr().out == "out\n"
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Ctrl-C as in the foreground: a shell that runs us in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_an_attached_command_is_signalled_as_by_a_shell() -> None:
    assert RUNNER.attach(shell("kill -INT $$")) == 128 + signal.SIGINT
    assert RUNNER.attach(shell("kill -PIPE $$")) == 128 + signal.SIGPIPE


def test_a_detached_process_outlives_its_starter(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "from cove.host.proc import Command, start_detached\n"
        f"print(start_detached(Command(('sh', '-c', 'echo hello; sleep 60')), log={str(log)!r}))"
    )
    pid = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    try:
        while not log.read_text():
            time.sleep(0.01)
        assert log.read_text() == "hello\n"
        assert log.stat().st_mode & 0o777 == 0o600
        assert os.getsid(pid) == pid
    finally:
        os.killpg(pid, signal.SIGKILL)


def test_a_detached_program_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandMissing):
        start_detached(Command(("no-such-program",)), log=str(tmp_path / "log"))


def test_a_pipe_is_a_byte_stream_until_stopped() -> None:
    process = open_pipe(Command(("cat",)))
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.write(b"\0\xff")
        assert process.stdout.read(2) == b"\0\xff"
        stop(process)
    assert ends(process.pid)


def test_replace_with_becomes_the_command() -> None:
    code = (
        "from cove.host.proc import Command, replace_with\n"
        "replace_with(Command(('sh', '-c', 'echo $A; exit 9'), env={'A': 'b'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (9, "b\n")


def test_last_lines_prefers_stderr_and_the_end() -> None:
    command = Command(("x",))
    assert Outcome(command, 1, "1\n2\n3\n", " \n").last_lines(2) == "2\n3"
    assert Outcome(command, 1, "1\n", "e\nf\n").last_lines(1) == "f"
