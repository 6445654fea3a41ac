"""The one place that starts processes.

A `Command` and its `Outcome` are values: they can be logged, compared and faked. `subprocess` is imported when the
first process starts, since the quickest commands start none through here.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol

from cove.errors import CoveError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping

    OnLine = Callable[[str], None]
    """Called with each line a running command writes, without its newline."""

TERMINATE_PATIENCE_SECONDS = 3.0


class Command(NamedTuple):
    """What to run: an argv, never a shell string.

    `env` is added to cove's own environment. `secrets` are the texts that `str(command)` and error messages hide.
    `timeout` is in seconds; None waits for ever.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = {}
    cwd: str | None = None
    stdin: bytes | None = None
    timeout: float | None = None
    secrets: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the command as a person would type it, secrets hidden."""
        import shlex

        text = shlex.join(self.argv)
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def environment(self) -> dict[str, str]:
        """Return the whole environment the process gets."""
        return {**os.environ, **self.env}


class Outcome(NamedTuple):
    """How a command ended: its exit code (128 + signal when killed) and what it wrote, decoded leniently."""

    command: Command
    code: int
    stdout: str = ""
    stderr: str = ""

    @property
    def ok(self) -> bool:
        """Whether the exit code is 0."""
        return self.code == 0

    def last_lines(self, count: int = 12) -> str:
        """Return the last `count` lines written, stderr if there is any, else stdout."""
        return "\n".join((self.stderr.strip() or self.stdout.strip()).splitlines()[-count:])


class CommandMissing(CoveError):  # noqa: N818 - an absence, not an error of its own
    """The executable is not on PATH, or the working directory is gone. Adapters turn it into what the reader must do."""

    exit_code = 127


class CommandTimeout(CoveError):  # noqa: N818 - as above
    """The command did not end within its timeout; it has been stopped with all it started."""


class Runner(Protocol):
    """Starts processes; the tests' fake one records them."""

    def run(self, command: Command) -> Outcome:
        """Run to the end and capture. Raises CommandMissing or CommandTimeout, nothing for an exit code."""
        ...

    def stream(self, command: Command, on_line: OnLine) -> Outcome:
        """Run to the end, handing over each line of stdout and stderr as it comes; stdout is kept too."""
        ...

    def attach(self, command: Command) -> int:
        """Run with the person's own terminal and return the exit code."""
        ...

    def cancel(self) -> None:
        """End every command that is running in other threads; whoever waits for it sees it fail."""
        ...


class HostRunner:
    """The real one."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def cancel(self) -> None:
        """End every command that is running in other threads; see Runner."""
        for process in list(self._running):
            stop(process)

    def run(self, command: Command) -> Outcome:
        """Run to the end and capture; see Runner."""
        import subprocess

        with _started(self._running, command, stderr=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(command.stdin, timeout=command.timeout)
            except subprocess.TimeoutExpired:
                raise CommandTimeout(f"`{command}` did not end within {command.timeout:g} s") from None
            return Outcome(command, _exit_code(process), _text(out), _text(err))

    def stream(self, command: Command, on_line: OnLine) -> Outcome:
        """Run to the end, line by line; see Runner. stderr is folded into stdout, in the order written."""
        import subprocess
        import threading

        lines: list[str] = []
        with _started(self._running, command, stderr=subprocess.STDOUT) as process:
            assert process.stdout is not None
            if command.stdin is not None:
                threading.Thread(target=_feed, args=(process, command.stdin), daemon=True).start()
            for raw in process.stdout:
                line = _text(raw).rstrip("\r\n")
                lines.append(line)
                on_line(line)
            process.wait(timeout=command.timeout)
            return Outcome(command, _exit_code(process), "\n".join(lines))

    def attach(self, command: Command) -> int:
        """Run with the person's own terminal; Ctrl-C goes to the command alone, see Runner.

        Spawned without `subprocess`, whose import would be the greater part of what `exec` costs.
        """
        if command.cwd is not None:
            raise ValueError("an attached command runs where the person is")
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Python ignores SIGPIPE, we ignore SIGINT: the command gets both as it would from a shell.
        theirs = [signal.SIGPIPE, *([] if before is signal.SIG_IGN else [signal.SIGINT])]
        try:
            words, env = list(command.argv), command.environment()
            pid = os.posix_spawnp(words[0], words, env, setsigdef=theirs)
            try:
                _, status = os.waitpid(pid, 0)
            except (
                KeyboardInterrupt
            ):  # not by Ctrl-C: this process is asked to end, and does not leave the command behind
                os.kill(pid, signal.SIGTERM)
                raise
        except FileNotFoundError as error:
            raise CommandMissing(f"{command.argv[0]} is not on PATH") from error
        finally:
            signal.signal(signal.SIGINT, before)
        code = os.waitstatus_to_exitcode(status)
        return 128 - code if code < 0 else code


def replace_with(command: Command) -> NoReturn:
    """Become the command: same process id, terminal, signals and exit code, and nothing paid for a middleman.

    Raises CommandMissing.
    """
    try:
        os.execvpe(command.argv[0], list(command.argv), command.environment())  # noqa: S606 - argv, no shell
    except FileNotFoundError as error:
        raise CommandMissing(f"{command.argv[0]} is not on PATH") from error


def start_detached(command: Command, *, log: str) -> int:
    """Start a process that outlives this one and its terminal; its output is appended to `log`. Returns its pid."""
    import subprocess

    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
        try:
            process = subprocess.Popen(
                command.argv,
                env=command.environment(),
                cwd=command.cwd or "/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise CommandMissing(f"{command.argv[0]} is not on PATH") from error
    process.returncode = 0  # nobody waits for it here
    return process.pid


def open_pipe(command: Command) -> subprocess.Popen[bytes]:
    """Start a process whose stdin and stdout are a byte stream for the caller, who must end it with `stop`."""
    import subprocess

    try:
        return subprocess.Popen(
            command.argv,
            env=command.environment(),
            cwd=command.cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
    except FileNotFoundError as error:
        raise CommandMissing(f"{command.argv[0]} is not on PATH") from error


def stop(process: subprocess.Popen[bytes], *, patience: float = 0.0) -> None:
    """End a process and all it started: TERM to the group, a little patience, KILL.

    With `patience` (seconds) it may first end by itself.
    """
    import subprocess

    if patience:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, ending)
            process.wait(timeout=TERMINATE_PATIENCE_SECONDS)
        except ProcessLookupError:
            process.wait()
            return
        except subprocess.TimeoutExpired:
            continue
        return


class _started:  # noqa: N801 - used as a function
    """A process in a group of its own that never outlives the block; it is in `running` while it lasts."""

    def __init__(self, running: set[subprocess.Popen[bytes]], command: Command, *, stderr: int) -> None:
        import subprocess

        self.running = running
        try:
            self.process = subprocess.Popen(
                command.argv,
                env=command.environment(),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            missing = error.filename or command.argv[0]
            raise CommandMissing(
                f"cannot run {command.argv[0]}: {missing} is missing or may not be run"
            ) from error

    def __enter__(self) -> subprocess.Popen[bytes]:
        self.running.add(self.process)
        return self.process

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.running.discard(self.process)
        if self.process.poll() is None:
            stop(self.process)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def _feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended before reading all; its exit code says why


def _exit_code(process: subprocess.Popen[bytes]) -> int:
    return 128 - process.returncode if process.returncode < 0 else process.returncode


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
