"""Entering a running container: who the remote user is, and what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.settings.mirrors import render_mirror_env
from cove.spec.ports import OTHERS, choose_ports
from cove.spec.variables import substitute
from cove.workspace.caches import prepare_caches
from cove.workspace.environment import read_remote_user
from cove.workspace.hooks import Inside
from cove.workspace.plan import private_environment
from cove.workspace.records import Record
from cove.workspace.secrets import read_secrets, read_session_env

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.spec.merge import Merged
    from cove.workspace.environment import RemoteUser
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


def inspect_running(session: Session, container: str) -> ContainerInfo:
    """Return a container that must run by now. Raises EngineError with its last words when it has ended."""
    from cove.engines.failures import plan_end_error

    info = session.engine.inspect_container(container)
    if info is None or not info.running:
        logs = session.runner.run(session.engine.logs_command(container, tail=12)).last_lines()
        raise plan_end_error(logs, image=info.image if info else "")
    return info


def ask_who(session: Session, container: str, merged: Merged, image_user: str) -> RemoteUser:
    """Ask a running container who its remote user is. Raises ConfigurationError for a user it does not have."""
    wanted = merged.remote_user or merged.container_user or image_user
    return read_remote_user(session.engine, container, user=wanted, probe=merged.user_env_probe)


def enter(
    session: Session,
    reading: Reading,
    container: ContainerInfo,
    merged: Merged,
    name: str,
    remote: RemoteUser,
    *,
    secrets_file: str = "",
) -> tuple[Inside, Record]:
    """Return where lifecycle commands run, and a record to be kept, given who the container's remote user is."""
    wanted = merged.remote_user or merged.container_user or container.user
    scope = reading.scope._replace(container_env=remote.container_env)
    caches = prepare_caches(session, container, remote)
    env: dict[str, str | None] = {
        **private_environment(session.proxies),
        **choose_mirror_env(session, remote),
        **caches,
        **remote.shell_env,
    }
    for variable, value in substitute(merged.remote_env, scope).items():
        if value is not None or variable in remote.container_env:
            env[variable] = value
        else:
            env.pop(variable, None)
    inside = Inside(
        container=container.id,
        created=container.times[0] or container.created,
        started=container.times[1] or container.started,
        user=wanted or remote.name,
        home=remote.home,
        folder=reading.workspace_folder,
        env=env,
        markers=remote.markers,
        scope=scope,
        secrets={**read_session_env(session), **(read_secrets(secrets_file) if secrets_file else {})},
    )
    record = Record(
        id=reading.address.id,
        name=name,
        folder=reading.address.folder,
        config_path=reading.address.config_path,
        engine=session.engine.word,
        container=container.id,
        user=remote.name if remote.name != str(remote.uid) else wanted,
        workspace_folder=reading.workspace_folder,
        env=env,
        shell=remote.shell,
        image=container.image,
        started=container.started,
        ports=choose_ports(merged.forward_ports, reading.configuration.app_port, merged.ports_attributes),
        port_attributes={**merged.ports_attributes, OTHERS: dict(merged.other_ports_attributes or {})},
        secrets_file=secrets_file,
    )
    return inside, record


def choose_mirror_env(session: Session, remote: RemoteUser) -> dict[str, str]:
    """Return the variables of the person's mirrors, but for those that the image or the shell sets itself."""
    found = render_mirror_env(session.settings)
    return {name: value for name, value in found.items() if name not in remote.container_env}
