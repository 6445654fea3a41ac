"""Desktop editors on a workspace: by which way, and the address that each of them understands."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote, urlencode

from cove.ssh.keys import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.host.machine import Machine

Way = Literal["attach", "ssh"]
"""`attach`: the Dev Containers extension, in the engine's own words. `ssh`: any editor, as the host NAME.cove."""


class DesktopEditor(NamedTuple):
    """An editor on the person's own desktop."""

    name: str
    title: str
    programs: tuple[str, ...]
    """Its commands; the first on PATH is taken. Empty: it is opened by its address alone."""
    folders: tuple[str, ...] = ()
    """Where it keeps extensions, below the home folder."""


EDITORS: Mapping[str, DesktopEditor] = {
    editor.name: editor
    for editor in (
        DesktopEditor(
            "vscode",
            "VS Code",
            ("code", "code-insiders"),
            (".vscode/extensions", ".vscode-insiders/extensions"),
        ),
        DesktopEditor("cursor", "Cursor", ("cursor",)),
        DesktopEditor("windsurf", "Windsurf", ("windsurf",)),
        DesktopEditor("zed", "Zed", ("zed", "zeditor")),
        DesktopEditor("pycharm", "PyCharm", ()),
    )
}
ATTACHES = "ms-vscode-remote.remote-containers-"
SPEAKS_SSH = "ms-vscode-remote.remote-ssh-"


def choose_way(editor: DesktopEditor, extensions: Sequence[str], *, engine: str) -> Way:
    """Return the way: attaching where VS Code has the extension, or neither; docker is what that extension knows unasked.

    >>> choose_way(EDITORS["zed"], (), engine="docker")
    'ssh'
    """
    if editor.name != "vscode":
        return "ssh"
    attaches = any(name.startswith(ATTACHES) for name in extensions)
    speaks_ssh = any(name.startswith(SPEAKS_SSH) for name in extensions)
    return "ssh" if speaks_ssh and not (attaches and engine == "docker") else "attach"


def render_address(
    editor: DesktopEditor,
    way: Way,
    *,
    name: str,
    container: str,
    folder: str,
    user: str,
    settings: Mapping[str, str],
) -> str:
    """Return the address of a workspace's folder in the words of an editor.

    `container` is its name on the engine. `settings` lead the extension to an engine elsewhere: `host` or `context`, as
    docker has them.
    """
    host = f"{name}{SUFFIX}"
    if editor.name == "zed":
        return f"ssh://{host}{quote(folder)}"
    if editor.name == "pycharm":
        words = {"type": "ssh", "host": host, "port": "22", "user": user, "projectPath": folder}
        return "jetbrains-gateway://connect#" + urlencode({**words, "deploy": "true", "productCode": "PY"})
    if way == "ssh":
        return f"vscode-remote://ssh-remote+{host}{quote(folder)}"
    meant: dict[str, object] = {"containerName": f"/{container.lstrip('/')}"}
    if settings:
        meant["settings"] = dict(settings)
    written = json.dumps(meant, separators=(",", ":")).encode().hex()
    return f"vscode-remote://attached-container+{written}{quote(folder)}"


def render_call(editor: DesktopEditor, program: str, address: str) -> tuple[str, ...]:
    """Return the words that open an address in an editor."""
    return (program, address) if editor.name == "zed" else (program, "--folder-uri", address)


def engine_settings(env: Mapping[str, str]) -> dict[str, str]:
    """Return what leads docker elsewhere, as the extension's settings have it."""
    if host := env.get("DOCKER_HOST"):
        return {"host": host}
    return {"context": env["DOCKER_CONTEXT"]} if env.get("DOCKER_CONTEXT") else {}


def read_extensions(machine: Machine, editor: DesktopEditor) -> list[str]:
    """Return the extensions that an editor on this machine has, by folder name, lower case."""
    folders = [f"{machine.home}/{folder}" for folder in editor.folders]
    if named := machine.env.get("VSCODE_EXTENSIONS"):
        folders = [named, *folders]
    return [
        name.lower() for folder in folders if os.path.isdir(folder) for name in sorted(os.listdir(folder))
    ]


def find_program(machine: Machine, editor: DesktopEditor) -> str:
    """Return an editor's command on this machine, empty where it has none."""
    import shutil

    found = (shutil.which(program, path=machine.env.get("PATH")) for program in editor.programs)
    return next(filter(None, found), "")
