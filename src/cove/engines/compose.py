"""The program that runs compose projects on an engine: docker's plugin, docker-compose, podman-compose."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import EngineError
from cove.host.proc import Command, CommandMissing, CommandTimeout

if TYPE_CHECKING:
    from cove.engines.dialect import Dialect
    from cove.host.proc import Runner

ASK_SECONDS = 20.0


class ComposeProgram(NamedTuple):
    """The program, and the words by which it starts containers as this host needs it."""

    argv: tuple[str, ...]
    flags: tuple[str, ...] = ()

    def command(self, project: str, files: tuple[str, ...], *words: str, cwd: str) -> Command:
        """Return a call of it for a project of these files."""
        named = [word for file in files for word in ("-f", file)]
        return Command((*self.argv, "-p", project, *named, *self.flags, *words), cwd=cwd)


def find_compose(runner: Runner, dialect: Dialect) -> ComposeProgram:
    """Return the program for an engine. Raises EngineError with the package to install where there is none."""
    if dialect.name == "podman":
        if _answers(runner, "podman-compose", "version"):
            return ComposeProgram(("podman-compose",), render_podman_flags(dialect))
        raise _missing(dialect.name, "podman-compose")
    if _answers(runner, dialect.program, "compose", "version"):
        return ComposeProgram((dialect.program, "compose"))
    if _answers(runner, "docker-compose", "version"):
        return ComposeProgram(("docker-compose",))
    raise _missing(dialect.name, "docker-compose")


def render_podman_flags(dialect: Dialect) -> tuple[str, ...]:
    """Return what podman-compose hands on to podman: this host's adaptations, for every call and for `run`."""
    found = []
    if dialect.global_flags:
        found.append(f"--podman-args={_joined(dialect.global_flags)}")
    if dialect.run_flags:
        found.append(f"--podman-run-args={_joined(dialect.run_flags)}")
    return tuple(found)


def _joined(words: tuple[str, ...]) -> str:
    """Return options with their values in one word each, as podman-compose splits them.

    >>> _joined(("--runtime", "runc", "--ulimit", "host"))
    '--runtime=runc --ulimit=host'
    """
    joined: list[str] = []
    for word in words:
        if word.startswith("-") or not joined:
            joined.append(word)
        else:
            joined[-1] += f"={word}"
    return shlex.join(joined)


def _answers(runner: Runner, *argv: str) -> bool:
    try:
        return runner.run(Command(argv, timeout=ASK_SECONDS)).ok
    except (CommandMissing, CommandTimeout):
        return False


def _missing(engine: str, package: str) -> EngineError:
    return EngineError(
        f"`dockerComposeFile` needs a compose program for {engine}, and there is none",
        hint=f"Install one: `apt-get install {package}`, or docker's compose plugin.",
    )
