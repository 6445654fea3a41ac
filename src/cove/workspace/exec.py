"""exec and shell: a command in a running workspace, as its user, in its folder, with its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import EngineError
from cove.spec.run import ExecRequest
from cove.workspace.address import find_desk, find_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.host.proc import Command
    from cove.workspace.records import Record
    from cove.workspace.session import Session


NOT_EXECUTABLE, NOT_FOUND = 126, 127
AMBIGUOUS = frozenset({1, 125, NOT_EXECUTABLE, NOT_FOUND, 255})
"""Exit codes that may be the engine's own: then, and only then, it is asked whether the workspace runs at all."""


class ExecOptions(NamedTuple):
    """How to run a command: in which folder, with which further variables, with a terminal or not."""

    workdir: str = ""
    env: Mapping[str, str] = {}
    interactive: bool = True
    tty: bool = False
    user: str = ""


def plan_exec(session: Session, word: str | None, argv: tuple[str, ...], options: ExecOptions) -> Command:
    """Return the engine's command; an empty argv is the remote user's login shell.

    The record names a container id, so this asks the engine nothing; a record that is out of date shows in the exit
    code (`explain`). Raises NotFound.
    """
    record = find_record(session, word)
    if record is None:
        return _plan_without_record(session, word, argv, options)
    session.use_engine(record.engine)
    if (record.secrets_file or session.settings.session_env) and not options.user:
        from cove.workspace.secrets import read_private_env

        options = options._replace(env={**read_private_env(session, record), **options.env})
    return session.engine.exec_command(render_exec(record, argv, options))


def render_exec(record: Record, argv: tuple[str, ...], options: ExecOptions) -> ExecRequest:
    """Return a command in a workspace: as its user, in its folder, with its environment, unless the options say other.

    The environment is the remote user's: another user does not get it. An empty argv is the login shell.
    """
    return ExecRequest(
        container=record.container,
        argv=argv or (record.shell, "-l"),
        user=options.user or record.user,
        workdir=options.workdir or record.workspace_folder,
        env={**record.env, **options.env} if not options.user else options.env,
        interactive=options.interactive,
        tty=options.tty,
    )


def _plan_without_record(
    session: Session, word: str | None, argv: tuple[str, ...], options: ExecOptions
) -> Command:
    """Return the command for a container that another tool started, or whose record is lost."""
    from cove.spec.merge import merge_layers, parse_metadata_label
    from cove.workspace.environment import read_remote_user

    desk = find_desk(session, word)
    merged = merge_layers(parse_metadata_label(desk.container.labels.get("devcontainer.metadata", "")))
    user = options.user or merged.remote_user or merged.container_user or desk.container.user
    remote = read_remote_user(session.engine, desk.container.id, user=user, probe=merged.user_env_probe)
    return session.engine.exec_command(
        ExecRequest(
            container=desk.container.id,
            argv=argv or (remote.shell, "-l"),
            user=user,
            workdir=options.workdir or remote.home,
            env={**remote.shell_env, **options.env},
            interactive=options.interactive,
            tty=options.tty,
        )
    )


def settle_code(session: Session, word: str | None, argv: tuple[str, ...], code: int) -> int:
    """Return the exit code of a command that ended with `code`, settling what may have been the engine's own.

    docker says 126 for a program that is not there; the convention (env(1), POSIX shells) is 127. Raises what
    `need_running` raises.
    """
    if code not in AMBIGUOUS:
        return code
    need_running(session, word)
    if code == NOT_EXECUTABLE and argv:
        known = plan_exec(
            session, word, ("/bin/sh", "-c", 'command -v -- "$1"', "cove", argv[0]), ExecOptions()
        )
        return code if session.runner.run(known).ok else NOT_FOUND
    return code


def need_running(session: Session, word: str | None) -> None:
    """Raise what the reader needs to know if the workspace is not running: NotFound, or EngineError with the remedy.

    Called when a command's exit code may be the engine's own rather than the command's.
    """
    desk = find_desk(session, word)
    if not desk.container.running:
        raise EngineError(
            f"the workspace {desk.name} is {desk.container.state}", hint=f"Start it: `cove up {desk.folder}`."
        )
    if desk.record and desk.record.container != desk.container.id:
        raise EngineError(
            f"the workspace {desk.name} was made anew meanwhile", hint=f"Join it: `cove up {desk.folder}`."
        )
