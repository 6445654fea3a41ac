"""Lifecycle commands: run in order, each once for what it belongs to, output passed on and kept.

That a command has run is marked in the container, where the reference implementation marks it
(`~/.devcontainer/.NAMEMarker`, holding the time of the container's creation or start), so other tools do not run it again.
Unlike there, a command that failed is not marked: the next `up` runs it again.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import LifecycleError
from cove.spec.lifecycle import HOOKS
from cove.spec.run import ExecRequest
from cove.spec.variables import substitute
from cove.workspace.dotfiles import NAME as DOTFILES
from cove.workspace.secrets import hide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.lifecycle import LifecycleCommand, LifecycleStep
    from cove.spec.variables import Scope
    from cove.workspace.progress import Step
    from cove.workspace.session import Session

ORDER = (*HOOKS[: HOOKS.index("postStartCommand")], DOTFILES, *HOOKS[HOOKS.index("postStartCommand") :])
"""The specification's order, and where the person's dotfiles come in."""
ONCE = ("onCreateCommand", "updateContentCommand", "postCreateCommand", DOTFILES)
"""Once a container; postStartCommand once a start; postAttachCommand each time."""


class Inside(NamedTuple):
    """Where lifecycle commands run."""

    container: str
    created: str
    started: str
    user: str
    home: str
    folder: str
    env: Mapping[str, str | None]
    markers: Mapping[str, str]
    """Which hooks have run, and for which creation or start."""
    scope: Scope
    """`${containerEnv:…}` included."""
    secrets: Mapping[str, str] = {}
    """Variables that go to the commands and nowhere else."""


def choose_hooks(
    hooks: Mapping[str, Sequence[LifecycleCommand]], markers: Mapping[str, str], *, created: str, started: str
) -> list[str]:
    """Return the names of the hooks to run, in order: those with something to do whose marker is not of this time."""
    due = dict.fromkeys(ONCE, created) | {"postStartCommand": started}
    return [
        name
        for name in ORDER
        if any(hooks.get(name, ())) and (name not in due or markers.get(name) != due[name])
    ]


def run_hooks(
    session: Session, inside: Inside, names: Sequence[str], hooks: Mapping[str, Sequence[LifecycleCommand]]
) -> None:
    """Run the named hooks. Raises LifecycleError with the last lines of the command that failed."""
    for name in names:
        with session.progress.step(name, name) as step:
            try:
                for command in hooks[name]:
                    _run_command(session, inside, name, substitute(command, inside.scope), step)
            except LifecycleError as error:
                if name != DOTFILES:
                    raise
                session.progress.warn(f"{error.message}: {error.detail.splitlines()[-1]}")
            else:
                _mark(session, inside, name)


def run_on_host(session: Session, command: LifecycleCommand, folder: str) -> None:
    """Run `initializeCommand` on this machine, in the workspace's folder. Raises LifecycleError."""
    from cove.host.proc import Command

    if not command:
        return
    with session.progress.step("initializeCommand", "initializeCommand, on this machine") as step:
        for part in command:
            outcome = session.runner.stream(Command(part.argv, cwd=folder), step.line)
            if not outcome.ok:
                raise LifecycleError(
                    f"initializeCommand failed with exit code {outcome.code}",
                    hint="It runs on this machine, in the workspace's folder. Mend it and try again.",
                    detail=outcome.last_lines(),
                )


def _run_command(session: Session, inside: Inside, name: str, command: LifecycleCommand, step: Step) -> None:
    if len(command) <= 1:
        for part in command:
            _run_step(session, inside, name, part, step)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(command)) as pool:
        started = [pool.submit(_run_step, session, inside, name, part, step) for part in command]
    for future in started:
        future.result()


def _run_step(session: Session, inside: Inside, name: str, part: LifecycleStep, step: Step) -> None:
    request = ExecRequest(
        container=inside.container,
        argv=part.argv,
        user=inside.user,
        workdir=inside.folder,
        env={**inside.env, **inside.secrets},
    )
    prefix = f"{part.name}: " if part.name else ""
    outcome = session.runner.stream(
        session.engine.exec_command(request), lambda line: step.line(f"{prefix}{hide(line, inside.secrets)}")
    )
    if not outcome.ok:
        what = f"{name} `{part.name}`" if part.name else name
        raise LifecycleError(
            f"{what} failed with exit code {outcome.code}",
            hint="The container is running: look around with `cove shell`, mend the command, and `cove up` runs it again.",
            detail=f"$ {_written(part)}\n{hide(outcome.last_lines(), inside.secrets)}",
        )


def _written(part: LifecycleStep) -> str:
    return part.argv[2] if part.argv[:2] == ("/bin/sh", "-c") else shlex.join(part.argv)


def _mark(session: Session, inside: Inside, name: str) -> None:
    when = {"postStartCommand": inside.started, "postAttachCommand": ""}.get(name, inside.created)
    if not when:
        return
    folder = f"{inside.home}/.devcontainer"
    script = (
        f"mkdir -p {shlex.quote(folder)} && echo {shlex.quote(when)} > {shlex.quote(folder)}/.{name}Marker"
    )
    outcome = session.engine.exec(
        ExecRequest(container=inside.container, argv=("/bin/sh", "-c", script), user=inside.user)
    )
    if not outcome.ok:
        session.progress.warn(
            f"cannot note in the container that {name} has run ({outcome.last_lines(1)}); it will run again"
        )
