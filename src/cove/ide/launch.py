"""How the bundle is started in a container: its mounts, its words, its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from cove.errors import ConfigurationError
from cove.ide import code_server
from cove.ide.base import DATA_AT, MOUNTED_AT, SOCKETS_AT, IdeLaunch
from cove.spec.run import Mount

if TYPE_CHECKING:
    from cove.ide.base import Bundle
    from cove.ide.store import StoredExtension

LAUNCH_UNSUPPORTED = 78
"""The launcher's exit code where the image cannot run the editor; `read_problem` has the sentence."""
SHELL_FOUND = "COVE_SHELL"
"""Tells the launcher a shell that is there, for terminals of an account whose own is not."""
SESSION_COOKIE = code_server.SESSION_COOKIE
SOCKET_NAME = "ide.sock"
PROBLEM_BYTES = 2_000
LOG_BYTES = 16_000_000


class LaunchRequest(NamedTuple):
    """A workspace's wish.

    The mounts follow from the fields up to `isolated` and must be there when the container is made; the words and
    the environment, which follow from all, are for each start.
    """

    workspace_folder: str
    """Inside the container."""
    data: str
    """The host's folder of the workspace's editor data, or a volume's name (anything without a leading slash)."""
    sockets: str = ""
    """The host's folder that is shared for the socket; empty: a tmpfs, reached by a stream through exec."""
    bundle: str = ""
    """A volume that holds the bundle, where the engine is remote; empty: the bundle's own folder."""
    store: str = ""
    """The host's store of extensions, seen read-only; empty: none."""
    extensions: tuple[StoredExtension, ...] = ()
    isolated: bool = False
    """See only `extensions` of the store, not what other workspaces use."""
    way: Literal["socket", "exec", "port"] = "socket"
    port: int = 0
    secret: str = ""
    """For a port: the value of SESSION_COOKIE that lets a request in (`new_secret`)."""
    proxy_uri: str = ""
    """Where the Ports tab's links lead, with `{{port}}`."""
    gallery: str = ""
    """VS Code's JSON of another extension gallery."""
    trusted_origins: tuple[str, ...] = ()
    app_name: str = "cove"


def render_launch(bundle: Bundle, request: LaunchRequest) -> IdeLaunch:
    """Return the container's part of an editor. The environment holds the secret: it travels by environment only."""
    if request.way == "port" and not (request.port and request.secret):
        raise ConfigurationError("an editor on a port needs a port and a secret")
    env = {
        # What VS Code sets for a server that a shell started: the environment is the person's already. Without it the
        # server asks a login shell, whose start-up files reset PATH, and terminals lose what the image put there.
        "VSCODE_CLI": "1",
        "VSCODE_PROXY_URI": request.proxy_uri,
        "EXTENSIONS_GALLERY": request.gallery,
        "COVE_SECRET": request.secret if request.way == "port" else "",
    }
    return IdeLaunch(
        mounts=render_mounts(bundle, request),
        argv=render_argv(request),
        env={name: value for name, value in env.items() if value},
        health_path=code_server.HEALTH_PATH,
    )


def render_mounts(bundle: Bundle, request: LaunchRequest) -> tuple[Mount, ...]:
    """Return what the container must see: the bundle and the extensions (both read-only), the data, the socket."""
    mounts = [_mount(request.bundle or bundle.path, f"{MOUNTED_AT}/ide", read_only=True)]
    if request.isolated:
        mounts += [
            _mount(found.path, f"{MOUNTED_AT}/extensions/{found.folder}", read_only=True)
            for found in request.extensions
        ]
    elif request.store:
        mounts.append(_mount(request.store, f"{MOUNTED_AT}/extensions", read_only=True))
    mounts.append(_mount(request.data, DATA_AT))
    if request.sockets:
        mounts.append(_mount(request.sockets, SOCKETS_AT))
    else:
        mounts.append(Mount("tmpfs", "", SOCKETS_AT, options=("tmpfs-mode=1777",)))
    return tuple(mounts)


def _mount(source: str, target: str, *, read_only: bool = False) -> Mount:
    return Mount("bind" if source.startswith("/") else "volume", source, target, read_only=read_only)


def render_argv(request: LaunchRequest) -> tuple[str, ...]:
    """Return the words that start the editor. Paths go by options: XDG variables would reach every terminal."""
    socket = f"{SOCKETS_AT}/{SOCKET_NAME}"
    if request.way == "port":
        listening: tuple[str, ...] = ("--host=0.0.0.0", f"--port={request.port}", "--auth=password")
        socket = "-"
    else:
        # The folder that holds the socket keeps strangers out; whoever the container's user is on the host, the
        # gateway's user must get in.
        listening = (f"--socket={socket}", "--socket-mode=666", "--auth=none")
    return (
        "/bin/sh",
        f"{MOUNTED_AT}/ide/inside/launch.sh",
        DATA_AT,
        socket,
        *listening,
        *code_server.FLAGS,
        f"--user-data-dir={DATA_AT}/user",
        f"--extensions-dir={DATA_AT}/extensions",
        f"--vscode-option=server-data-dir={DATA_AT}",  # else it makes a folder in the person's home
        f"--session-socket={SOCKETS_AT}/session.sock",  # /tmp may be missing or read-only
        f"--app-name={request.app_name}",
        *(f"--trusted-origins={origin}" for origin in request.trusted_origins),
        request.workspace_folder,
    )


def new_secret() -> str:
    """Return a fresh secret for an editor on a port: 64 hexadecimal digits, as a SHA-256 looks."""
    import secrets

    return secrets.token_hex(32)


def read_problem(data_dir: str) -> str:
    """Return the launcher's sentence on why this image cannot run the editor; empty if it said nothing."""
    return _read_text(f"{data_dir}/problem", PROBLEM_BYTES).strip()


def read_log(data_dir: str, lines: int = 40) -> str:
    """Return the last lines of the editor's own log, which its container writes."""
    return "\n".join(_read_text(f"{data_dir}/editor.log", LOG_BYTES).splitlines()[-lines:])


def _read_text(path: str, limit: int) -> str:
    from cove.host.files import read_bounded

    try:
        data = read_bounded(path, limit=limit)
    except ConfigurationError:
        return ""
    text = (data or b"").decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
