"""From a workspace's name to the command whose stdin and stdout are an SSH connection into it.

The server is put into the container the first time, through the engine, so it need not share files with this machine
and the image needs nothing: no sshd, no Python, no tar. A mark in STATE says so, and later connections ask nobody.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from cove.spec.run import ExecRequest
from cove.ssh.recipe import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.host.proc import Command
    from cove.ssh.server import Server
    from cove.workspace.session import Session

PLACE = "/opt/cove/ssh"
"""Where the server lies in a container."""
TOOLS = f"{PLACE}/bin"
"""What an image may lack for the client's sake: `scp`, for clients of the old protocol. Last in PATH."""
USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What engines give a container whose image has none."""
SESSIONS = 1000
"""On one connection: editors open many."""


class Desk(NamedTuple):
    """Whose shell it is: as `exec` would run it."""

    name: str
    key: str
    """Its folder in STATE: the workspace's id, or the beginning of a container's that another tool started."""
    container: str
    user: str
    folder: str
    env: Mapping[str, str | None]


class Ready(NamedTuple):
    """A container that has the server in it: `STATE/ID/ssh/ready.json`."""

    container: str
    programs: tuple[str, ...]
    path: str = ""
    """The container's own PATH."""


def plan_connection(session: Session, word: str | None) -> Command:
    """Return the engine's command that carries a connection; the server is put into the container if it is not there.

    Raises NotFound, EngineError, and what `prepare` raises.
    """
    desk = find_ssh_desk(session, word)
    ready = read_ready(session, desk) or prepare(session, desk)
    return session.engine.exec_command(plan_server(desk, ready))


def find_ssh_desk(session: Session, word: str | None) -> Desk:
    """Return whose shell is meant; a workspace with a record costs no question to the engine. Raises NotFound."""
    from cove.workspace.address import find_record

    record = find_record(session, word)
    if record is None:
        return _find_foreign(session, word)
    session.use_engine(record.engine)
    env = record.env
    if record.secrets_file or session.settings.session_env:
        from cove.workspace.secrets import read_private_env

        env = {**env, **read_private_env(session, record)}
    return Desk(record.name, record.id, record.container, record.user, record.workspace_folder, env)


def _find_foreign(session: Session, word: str | None) -> Desk:
    """Return the desk of a container that another tool started. Raises NotFound."""
    from cove.spec.merge import merge_layers, parse_metadata_label
    from cove.workspace.address import find_desk
    from cove.workspace.environment import read_remote_user

    desk = find_desk(session, word)
    merged = merge_layers(parse_metadata_label(desk.container.labels.get("devcontainer.metadata", "")))
    user = merged.remote_user or merged.container_user or desk.container.user
    remote = read_remote_user(session.engine, desk.container.id, user=user, probe=merged.user_env_probe)
    container = desk.container.id
    return Desk(desk.name, desk.id or container[:12], container, user, remote.home, remote.shell_env)


def read_ready(session: Session, desk: Desk) -> Ready | None:
    """Return what is known to be in the container; None when nothing is, or it was made anew."""
    try:
        with open(_mark(session, desk), encoding="utf-8") as file:
            ready = Ready(*json.load(file))
    except (OSError, ValueError, TypeError):
        return None
    return ready if ready.container == desk.container else None


def prepare(session: Session, desk: Desk) -> Ready:
    """Put the server and the workspace's keys into its container, and let the client know them.

    Raises EngineError for a container that does not run or cannot be written, and what `find_server` and the keys raise.
    """
    from cove.host.files import write_atomic
    from cove.ssh.keys import ensure_client_key, ensure_host_key, remember_host
    from cove.ssh.server import find_server
    from cove.workspace.exec import need_running

    container = session.engine.inspect_container(desk.container)
    if container is None or not container.running:
        need_running(session, desk.name)
    server = find_server(session, session.engine.info().arch or session.machine.arch)
    authorized = ensure_client_key(session.machine, session.runner)
    host_key, public = ensure_host_key(session.machine, desk.key, session.runner)
    with open(host_key, "rb") as file:
        archive = pack_server(server, file.read(), authorized)
    session.engine.unpack(desk.container, archive)
    remember_host(session.machine, desk.name, public)
    path = container.env.get("PATH", "") if container else ""
    ready = Ready(desk.container, server.programs, path)
    write_atomic(_mark(session, desk), json.dumps(ready))
    return ready


def _mark(session: Session, desk: Desk) -> str:
    return f"{session.machine.directories.state}/{desk.key}/ssh/ready.json"


def pack_server(server: Server, host_key: bytes, authorized: str) -> bytes:
    """Return the archive to unpack at a container's root, everything in it root's.

    The host key is there twice: sshd refuses one that its own user has and others may read, and cannot read one that
    only another may. It is no secret of the person's: whatever reads it is in the container already.
    """
    import io
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:

        def add(name: str, data: bytes, mode: int) -> None:
            member = tarfile.TarInfo(f"{PLACE}/{name}".lstrip("/"))
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))

        for folder in ("", "/bin"):
            member = tarfile.TarInfo(f"{PLACE}{folder}".lstrip("/"))
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        for program in server.programs:
            with open(f"{server.folder}/{program}", "rb") as file:
                add(f"bin/{program}" if program == "scp" else program, file.read(), 0o755)
        add("authorized_keys", f"{authorized}\n".encode(), 0o644)
        add("host_key", host_key, 0o644)
        add("host_key_of_root", host_key, 0o600)
    return packed.getvalue()


def plan_server(desk: Desk, ready: Ready) -> ExecRequest:
    """Return the exec that is the server: on stdio, for one connection, as the remote user.

    A user other than root cannot change user, so whoever the client asks for is this one.
    """
    options = {
        "AuthorizedKeysFile": f"{PLACE}/authorized_keys",
        "StrictModes": "no",
        "PidFile": "none",
        "LogLevel": "FATAL",
        "AuthenticationMethods": "publickey",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": "sftp internal-sftp",
        "AcceptEnv": "*",
        "StreamLocalBindUnlink": "yes",
        "MaxSessions": str(SESSIONS),
        "PrintMotd": "no",
    }
    if "sshd-session" in ready.programs:
        options["SshdSessionPath"] = f"{PLACE}/sshd-session"
    if "sshd-auth" in ready.programs:
        options["SshdAuthPath"] = f"{PLACE}/sshd-auth"
    keys = (f"{PLACE}/host_key", f"{PLACE}/host_key_of_root")
    words = [f"{PLACE}/sshd", "-i", "-e", "-f", "/dev/null", *(word for key in keys for word in ("-h", key))]
    words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    env = {**desk.env, FOLDER: desk.folder}
    env["PATH"] = f"{desk.env.get('PATH') or ready.path or USUAL_PATH}:{TOOLS}"
    return ExecRequest(desk.container, tuple(words), user=desk.user, env=env, interactive=True)


def workspace_of(host: str) -> str:
    """Return the workspace that a host name means: `digits.cove` is `digits`; a path stays one."""
    from cove.ssh.keys import SUFFIX

    return host[: -len(SUFFIX)] if host.lower().endswith(SUFFIX) and os.sep not in host else host
