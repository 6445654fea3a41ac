"""run: a command in a throw-away container of a workspace's environment."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from cove.engines.failures import plan_end_error
from cove.host.alive import describe_process
from cove.spec.identity import render_name
from cove.workspace.address import locate_folder, read_address
from cove.workspace.beside import Beside
from cove.workspace.caches import read_defaults
from cove.workspace.compose_run import running_project
from cove.workspace.cuda import check_before_pull, check_image
from cove.workspace.editor import is_isolated
from cove.workspace.exec import render_exec
from cove.workspace.facts import read_facts
from cove.workspace.gpu_leases import keep
from cove.workspace.gpus import leasing
from cove.workspace.hooks import choose_hooks, run_hooks, run_on_host
from cove.workspace.image import prepare_image
from cove.workspace.inside import ask_who, enter
from cove.workspace.orphans import RUNNER, sweep
from cove.workspace.plan import plan_container
from cove.workspace.read import read_workspace
from cove.workspace.secrets import check_secrets, choose_secrets_file, read_private_env
from cove.workspace.system import settle_system
from cove.workspace.trust import need_image_trust, need_trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.spec.run import RunRequest
    from cove.workspace.bases import BuildOptions
    from cove.workspace.exec import ExecOptions
    from cove.workspace.gpu_wish import GpuOptions
    from cove.workspace.read import Reading
    from cove.workspace.records import Record
    from cove.workspace.session import Session


def run_once(
    session: Session,
    folder: str,
    argv: tuple[str, ...],
    *,
    exec_options: ExecOptions,
    config: str = "",
    options: BuildOptions | None = None,
    gpus: GpuOptions | None = None,
    secrets_file: str = "",
) -> int:
    """Run a command with the person's terminal in a new container of the workspace's environment; return its exit code."""
    with running_once(
        session, folder, config=config, options=options, gpus=gpus, secrets_file=secrets_file
    ) as record:
        exec_options = exec_options._replace(env={**read_private_env(session, record), **exec_options.env})
        command = session.engine.exec_command(render_exec(record, argv, exec_options))
        return session.runner.attach(command)


@contextmanager
def running_once(
    session: Session,
    folder: str,
    *,
    config: str = "",
    options: BuildOptions | None = None,
    gpus: GpuOptions | None = None,
    secrets_file: str = "",
) -> Iterator[Record]:
    """Give a container of the workspace's environment for the length of a `with` block.

    It is what `up` makes, without an editor: the same image, user, mounts, variables and lifecycle commands. It is
    removed at the end, also when that is an interruption. Raises every CoveError.
    """
    address = read_address(locate_folder(session, folder), config=config, cwd=session.machine.cwd)
    reading = read_workspace(session.machine, address)
    need_trust(session, reading)
    check_before_pull(session, reading, gpus)
    name = render_name(address.folder.rpartition("/")[2])
    if secrets_file:
        check_secrets(session, secrets_file)
        secrets_file = choose_secrets_file(session, secrets_file, address.id)
    run_on_host(session, reading.configuration.initialize_command, address.folder)
    with Beside(lambda: sweep(session), name="sweep"):
        image = prepare_image(session, reading, name=name, options=options)
    need_image_trust(session, reading, image)
    check_image(session, reading, image, gpus)
    defaults = read_defaults(session, reading, image, isolated=is_isolated(session, reading))
    facts = read_facts(session, image, name)._replace(defaults=defaults)
    with ExitStack() as stack:
        with leasing(session, reading, image, gpus) as granted:
            wish = plan_container(
                reading, image, facts._replace(gpus=granted.grant, gpus_shared=granted.shared)
            )
            labels = {label: value for label, value in wish.labels.items() if label != "cove.id"}
            labels |= {"cove.run": address.id, RUNNER: describe_process(os.getpid())}
            with session.progress.step("start", "starting the container"):
                container = stack.enter_context(
                    _started(session, reading, wish._replace(labels=labels, publish=()))
                )
            if started := session.engine.inspect_container(container):
                keep(session, started)
        if granted.why:
            session.progress.note(granted.why)
        if started is None or not started.running:
            raise plan_end_error("", image=image.reference)
        with Beside(
            lambda: settle_system(session, started, login_shells=False), name="authorities"
        ) as trusting:
            remote = ask_who(session, container, image.merged, started.user)
            inside, record = enter(
                session, reading, started, image.merged, name, remote, secrets_file=secrets_file
            )
        trusting.result()
        due = choose_hooks(image.merged.hooks, {}, created=started.created, started=started.started)
        run_hooks(session, inside, [hook for hook in due if hook != "postAttachCommand"], image.merged.hooks)
        yield record


@contextmanager
def _started(session: Session, reading: Reading, wish: RunRequest) -> Iterator[str]:
    """Give a container until the block ends: alone, or with the project whose service it is."""
    if reading.project:
        with running_project(session, reading.project, wish) as container:
            yield container
        return
    container = session.engine.run(wish._replace(remove=True))
    try:
        yield container
    finally:
        session.engine.remove(container)
