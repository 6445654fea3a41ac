"""What of the person's a workspace may use without having it: git's credentials, the ssh agent, the commit identity.

Nothing of it goes into an image, a container's description or a record. Two sockets in the folder that the container
shares lead to errands.py on this machine, and a git configuration of the lowest rank names them. A workspace that is
isolated, or whose container shares no files with this machine, gets none.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from cove.ide.base import MOUNTED_AT, SOCKETS_AT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.host.machine import Machine
    from cove.host.proc import Runner
    from cove.workspace.editor import Editor
    from cove.workspace.session import Session

AGENT_SOCKET = "agent.sock"
GIT_SOCKET = "git.sock"
GIT_FOLDER = "git"
GRANTS = "grants.json"
KEY_BYTES = 1 << 14
ASK_SECONDS = 20.0
WANTED = r"^(user\.(name|email|signingkey)|gpg\.format|(commit|tag)\.gpgsign)$"

HELPER = f"""\
// git's credential helper: hands the question to cove on the host, which asks the host's own helper. It keeps nothing.
const net = require("net");
if (process.argv[2] === "get") {{
  const link = net.connect("{SOCKETS_AT}/{GIT_SOCKET}");
  link.on("error", () => process.exit(0));
  process.stdin.pipe(link).pipe(process.stdout);
}}
"""


class Grants(NamedTuple):
    """What a workspace may ask for: `RUN/ID/grants.json`, beside the folder that is shared and never in it."""

    git: bool = False
    agent: bool = False


def offer_credentials(session: Session, workspace_id: str, editor: Editor) -> dict[str, str]:
    """Let a running workspace use what the settings allow; return the variables of its processes.

    Raises OSError when the shared folder cannot be written.
    """
    settings = session.settings
    shares = editor.request.way == "socket" and not editor.request.isolated
    agent = shares and settings.ssh_agent and bool(session.machine.env.get("SSH_AUTH_SOCK"))
    grants = Grants(git=shares and settings.git_credentials, agent=agent)
    home = f"{session.machine.directories.run}/{workspace_id}"
    if not os.path.isdir(f"{home}/s"):
        return {}
    from cove.host.files import write_atomic

    write_atomic(f"{home}/{GRANTS}", json.dumps(grants))
    note_agent(session)
    said = read_identity(session.runner) if shares and settings.git_identity else {}
    text = render_git_config(said, helper=grants.git)
    env = {"SSH_AUTH_SOCK": f"{SOCKETS_AT}/{AGENT_SOCKET}"} if grants.agent else {}
    if text:
        _share(home, {"config": text, "credential.js": HELPER})
        env["GIT_CONFIG_SYSTEM"] = f"{SOCKETS_AT}/{GIT_FOLDER}/config"
    return env


def _share(home: str, texts: Mapping[str, str]) -> None:
    from cove.ide.shared import open_shared

    with open_shared(f"{home}/s", GIT_FOLDER, make=True) as folder:
        assert folder is not None
        for name, text in texts.items():
            folder.write(name, text.encode())


def read_grants(machine: Machine, workspace_id: str) -> Grants:
    """Return what a workspace may ask for; nothing where that is not known."""
    try:
        with open(f"{machine.directories.run}/{workspace_id}/{GRANTS}", encoding="utf-8") as file:
            return Grants(*(said is True for said in json.load(file)))
    except (OSError, ValueError, TypeError):
        return Grants()


def agent_note(machine: Machine) -> str:
    """Return the path of the note that says where the person's agent listens now."""
    return f"{machine.directories.state}/ssh/agent"


def note_agent(session: Session) -> None:
    """Note where the person's agent listens: another login has another one."""
    from cove.host.files import write_atomic

    here = session.machine.env.get("SSH_AUTH_SOCK", "")
    if here and here != read_agent(session.machine):
        write_atomic(agent_note(session.machine), here)


def read_agent(machine: Machine) -> str:
    """Return where the person's agent listens, as far as that was noted."""
    try:
        with open(agent_note(machine), encoding="utf-8") as file:
            return file.read(4096)
    except OSError:
        return ""


def read_identity(runner: Runner) -> dict[str, str]:
    """Return the person's name, address and way of signing, as git on this machine has them for all repositories."""
    from cove.host.proc import Command, CommandMissing, CommandTimeout

    argv = ("git", "config", "--global", "--includes", "--null", "--get-regexp", WANTED)
    try:
        outcome = runner.run(Command(argv, cwd="/", timeout=ASK_SECONDS))
    except (CommandMissing, CommandTimeout):
        return {}
    pairs = (item.partition("\n") for item in outcome.stdout.split("\0") if item)
    said = {name: value for name, _, value in pairs}
    return _with_public_key(said)


def _with_public_key(said: dict[str, str]) -> dict[str, str]:
    """Return them with the key itself instead of its file, which is not in the container; without it nothing is signed.

    Only signing by the ssh agent reaches in: OpenPGP's keys lie in a home of their own.
    """
    from cove.errors import ConfigurationError
    from cove.host.files import read_bounded

    key = said.get("user.signingkey", "")
    if said.get("gpg.format") == "ssh" and key and not key.startswith(("key::", "ssh-")):
        path = os.path.expanduser(key)
        try:
            data = read_bounded(path if path.endswith(".pub") else f"{path}.pub", limit=KEY_BYTES)
        except ConfigurationError:
            data = None
        key = (data or b"").decode("utf-8", "replace").strip()
    elif said.get("gpg.format") != "ssh":
        key = ""
    if key:
        return {**said, "user.signingkey": key if key.startswith("key::") else f"key::{key}"}
    return {name: value for name, value in said.items() if name in {"user.name", "user.email"}}


def render_git_config(said: Mapping[str, str], *, helper: bool) -> str:
    r"""Return a git configuration of the system's rank, below the user's and the repository's; empty when there is nothing.

    >>> print(render_git_config({"user.name": 'Ada "A" L'}, helper=False), end="")
    [include]
        path = /etc/gitconfig
    [user]
        name = "Ada \"A\" L"
    """
    lines: list[str] = []
    for name, value in said.items():
        section, _, key = name.rpartition(".")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines += [f"[{section}]", f'    {key} = "{escaped}"']
    if helper:
        program = f"!{MOUNTED_AT}/ide/bin/node {SOCKETS_AT}/{GIT_FOLDER}/credential.js"
        lines += ["[credential]", f'    helper = "{program}"']
    return "\n".join(["[include]", "    path = /etc/gitconfig", *lines]) + "\n" if lines else ""


def parse_question(text: str) -> str:
    """Return what git's credential helper asks, as `git credential fill` takes it; empty for what is not answered.

    Only HTTPS, and only the words that say which credential: a container cannot make the host's git run anything.
    """
    pairs = [line.partition("=") for line in text.splitlines()]
    known = {
        name: value
        for name, equals, value in pairs
        if equals and name in {"protocol", "host", "path", "username"}
    }
    if known.get("protocol") != "https" or not known.get("host"):
        return ""
    return "".join(f"{name}={value}\n" for name, value in known.items()) + "\n"


def answer_question(runner: Runner, text: str) -> str:
    """Return user name and password from the host's own helper, empty where it has none; nobody is asked anything."""
    from cove.host.proc import Command, CommandMissing, CommandTimeout

    question = parse_question(text)
    if not question:
        return ""
    argv = ("git", "-c", "core.askPass=", "-c", "credential.interactive=false", "credential", "fill")
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GCM_INTERACTIVE": "never"}
    try:
        outcome = runner.run(Command(argv, env=quiet, cwd="/", stdin=question.encode(), timeout=ASK_SECONDS))
    except (CommandMissing, CommandTimeout):
        return ""
    if not outcome.ok:
        return ""
    kept = ("username=", "password=", "password_expiry_utc=")
    return "".join(f"{line}\n" for line in outcome.stdout.splitlines() if line.startswith(kept))
