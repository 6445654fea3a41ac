"""The client's configuration: one file of cove's, and, with consent, one line in the person's that includes it."""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import TYPE_CHECKING

from cove.host.files import make_private_directory, read_bounded, write_atomic
from cove.ssh.keys import SUFFIX, client_key, known_hosts, ssh_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.host.machine import Machine

MARK = "# cove: workspaces as NAME.cove; `cove ssh-config --remove` takes this away"
CONFIG_BYTES = 1 << 22
KEPT_VARIABLES = (
    "COVE_HOME",
    "COVE_RUN_DIR",
    "COVE_ENGINE",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "CONTAINER_HOST",
)
"""What leads to the workspaces, if the person has it set: an editor started from a desktop would not know it."""


def config_path(machine: Machine) -> str:
    """Return the path of cove's file for the client."""
    return f"{ssh_folder(machine)}/config"


def write_client_config(machine: Machine, program: Sequence[str]) -> str:
    """Write cove's file for the client, and beside it the one that `cove ssh` uses; return the first's text."""
    make_private_directory(ssh_folder(machine))
    text = client_config(machine, program)
    own = (
        f"{text}\nHost *\n  Include {_quoted(f'{machine.home}/.ssh/config')}\n  Include /etc/ssh/ssh_config\n"
    )
    for path, content in ((config_path(machine), text), (direct_path(machine), own)):
        if (read_bounded(path, limit=CONFIG_BYTES) or b"").decode("utf-8", "replace") != content:
            write_atomic(path, content)
    return text


def client_config(machine: Machine, program: Sequence[str]) -> str:
    """Return the text of cove's file on this machine."""
    kept = [f"{name}={machine.env[name]}" for name in KEPT_VARIABLES if machine.env.get(name)]
    words = ("env", *kept, *program) if kept else program
    return render_client_config(words, key=client_key(machine), hosts=known_hosts(machine))


def direct_path(machine: Machine) -> str:
    """Return the path of the file that `cove ssh` uses: cove's, then the person's own."""
    return f"{ssh_folder(machine)}/direct"


def render_client_config(program: Sequence[str], *, key: str, hosts: str) -> str:
    """Return the text of cove's file; `program` is the words that start cove."""
    # ssh gives the command to a shell, and replaces percent signs first.
    command = " ".join(
        [*(shlex.quote(word.replace("%", "%%")) for word in program), "ssh", "--stdio", "'%n'"]
    )
    return f"""\
# Written by cove, anew when needed. Every workspace is a host: ssh NAME{SUFFIX}
Host *{SUFFIX}
  ProxyCommand {command}
  IdentityFile {_quoted(key)}
  IdentitiesOnly yes
  UserKnownHostsFile {_quoted(hosts)}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  HostKeyAlgorithms ssh-ed25519
  UpdateHostKeys no
  CheckHostIP no
"""


def _quoted(path: str) -> str:
    return f'"{path.replace("%", "%%")}"'


def own_program() -> tuple[str, ...]:
    """Return the words that start this very cove, whichever way it was started."""
    started = os.path.abspath(sys.argv[0])
    if os.path.basename(started) == "cove" and os.access(started, os.X_OK):
        return (started,)
    beside = f"{os.path.dirname(sys.executable)}/cove"
    return (beside,) if os.access(beside, os.X_OK) else (sys.executable, "-m", "cove")


def person_config(machine: Machine) -> str:
    """Return the path of the person's own configuration; where that is a link, what it leads to."""
    return os.path.realpath(f"{machine.home}/.ssh/config")


def includes_ours(text: str, path: str) -> bool:
    """Return whether a configuration includes cove's file."""
    return bool(re.search(rf'(?mi)^\s*Include\s+"?{re.escape(path)}"?\s*$', text))


def render_with_include(text: str, path: str) -> str:
    """Return the configuration with cove's file included, at the top: further down the line would belong to a host."""
    return text if includes_ours(text, path) else f"{MARK}\nInclude {_quoted(path)}\n\n{text}"


def render_without_include(text: str, path: str) -> str:
    """Return the configuration as it was before `render_with_include`."""
    line = rf'(?:{re.escape(MARK)}\n)?[ \t]*Include[ \t]+"?{re.escape(path)}"?[ \t]*\n\n?'
    return re.sub(rf"(?m)^{line}", "", text)


def read_person_config(machine: Machine) -> str:
    """Return the person's own configuration, empty where there is none. Raises ConfigurationError."""
    data = read_bounded(person_config(machine), limit=CONFIG_BYTES)
    return (data or b"").decode("utf-8", "surrogateescape")


def write_person_config(machine: Machine, text: str) -> None:
    """Write the person's own configuration, with the rights it had. Raises OSError."""
    path = person_config(machine)
    mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o600
    write_atomic(path, text.encode("utf-8", "surrogateescape"), mode=mode)
