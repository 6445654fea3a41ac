"""Another machine, through the person's own OpenSSH client: one connection, and commands that run there over it.

The client is the one on PATH with the person's own configuration (jump hosts, keys, agents, hardware tokens); only what
one shared connection needs is said on top. Values of variables never come into an argv, here or there: they travel as a
file of the remote user's alone, which the command removes before it begins.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import PlaceError, UsageError
from cove.host.files import make_private_directory
from cove.host.proc import Command, open_pipe

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from cove.host.proc import OnLine, Outcome, Runner

PERSIST_SECONDS = 900
"""How long the connection outlives its last command."""
CONNECT_SECONDS = 20
ALIVE_SECONDS = 10
"""A connection that says nothing for three times so long is given up, so that a new one can be made."""
SSH_FAILED = 255
MORE_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin"
"""Where programs may lie that a shell without a login does not look for."""

ASKS = ("permission denied", "host key verification failed", "too many authentication failures")
"""What ssh says where a person at the terminal could answer: a password, a passphrase, an unknown host's key."""
FAILURES = (
    ("could not resolve hostname", "its name is not known", "Check the name, or give it a `Host` block in ~/.ssh/config."),
    ("remote host identification has changed", "its host key is another than before",
     "Find out why before you connect; `ssh-keygen -R HOST` forgets the old key."),
    ("host key verification failed", "its host key is not known here", "Connect once by hand and check the key: `ssh HOST`."),
    ("no matching host key", "it offers no host key of a kind that this client takes", "Look at `ssh -v HOST`."),
    ("too many authentication failures", "it refused too many keys", "Name the key in ~/.ssh/config (IdentityFile)."),
    ("permission denied", "it refuses the keys it was offered", "`ssh HOST` must work by itself: load the key with `ssh-add`."),
    ("connection refused", "nothing takes connections there", "Is sshd running there, and on this port?"),
    ("timed out", "it does not answer", "Check the network (VPN?), then try again."),
    ("no route to host", "there is no way to it", "Check the network (VPN?), then try again."),
    ("network is unreachable", "there is no way to it", "Check the network (VPN?), then try again."),
    ("connection closed", "it closed the connection", "Look at `ssh -v HOST`."),
    ("connection reset", "it closed the connection", "Look at `ssh -v HOST`."),
    ("broken pipe", "the connection broke", "Try again."),
)  # fmt: skip
"""What ssh writes (in small letters), what that means, and what to try."""


BEGINNINGS = (
    "ssh: ", "kex_exchange", "ssh_exchange", "mux_client", "client_loop", "connection closed by", "connection reset by",
    "connection to ", "connection timed out", "host key verification failed", "permission denied (", "timeout, server",
    "unable to negotiate", "no matching host key", "received disconnect", "disconnected from", "packet_write_wait",
    "@    warning: remote host", "warning: remote host", "too many authentication", "control socket", "banner exchange",
)  # fmt: skip
"""How the client's own lines begin, in small letters; what a command there writes looks otherwise."""


class SshAddress(NamedTuple):
    """Another machine as the person names it; what is empty is left to their OpenSSH configuration."""

    host: str
    user: str = ""
    port: int = 0

    def __str__(self) -> str:
        """Return `ssh://[user@]host[:port]`."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{user}{host}{f':{self.port}' if self.port else ''}"

    @property
    def words(self) -> tuple[str, ...]:
        """Return what names it to the client: options, then the host behind `--`, so that it is never an option."""
        user = ("-l", self.user) if self.user else ()
        port = ("-p", str(self.port)) if self.port else ()
        return (*user, *port, "--", self.host)


def parse_ssh_address(text: str) -> SshAddress:
    """Parse `ssh://[user@]host[:port]`; a path behind it is left out. Raises UsageError.

    >>> parse_ssh_address("ssh://me@box:2222")
    SshAddress(host='box', user='me', port=2222)
    """
    scheme, _, rest = text.partition("://")
    user, _, place = rest.partition("/")[0].rpartition("@")
    host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    if not colon:
        host, port = place, ""
    host = host.removeprefix("[").removesuffix("]")
    odd = any(letter.isspace() or not letter.isprintable() for letter in text) or ":" in user
    options = user.startswith("-") or host.startswith("-")
    if scheme != "ssh" or not host or odd or options or (colon and not port.isdigit()):
        raise UsageError(
            f"`{text}` does not name another machine",
            hint="Write ssh://HOST, ssh://USER@HOST or ssh://USER@HOST:PORT; passwords are OpenSSH's to ask for.",
        )
    return SshAddress(host, user, int(port or 0))


class SshConnection:
    """One connection to another machine, shared by all commands of all cove's processes of this person."""

    def __init__(self, address: SshAddress, folder: str, runner: Runner) -> None:
        """`folder` is where the control socket lies: private, with a short path (`RUN`)."""
        self.address = address
        self.runner = runner
        key = hashlib.sha256(str(address).encode()).hexdigest()[:12]
        self.folder = folder
        self.control = f"{folder}/ssh-{key}"

    @property
    def client(self) -> tuple[str, ...]:
        """Return the client's words before the machine's name: the person's configuration, one shared connection."""
        options = {
            "ControlMaster": "auto",
            "ControlPath": self.control.replace("%", "%%"),
            "ControlPersist": str(PERSIST_SECONDS),
            "ServerAliveInterval": str(ALIVE_SECONDS),
            "ServerAliveCountMax": "3",
            "ConnectTimeout": str(CONNECT_SECONDS),
            "ForwardX11": "no",
            "ClearAllForwardings": "yes",
            "RemoteCommand": "none",
            "LogLevel": "ERROR",
        }
        return ("ssh", *(word for name, value in options.items() for word in ("-o", f"{name}={value}")))

    def open(self, *, may_ask: bool = False) -> None:
        """Make the connection, unless it is there. With `may_ask` ssh may ask the person at the terminal, once.

        Raises PlaceError, which says what to do.
        """
        make_private_directory(self.folder)
        outcome = self._run(self._words("true", batch=True))
        if outcome.ok:
            return
        said = outcome.stderr.lower()
        if may_ask and any(word in said for word in ASKS):
            code = self.runner.attach(Command(self._words("true")))
            outcome = outcome._replace(code=code)
            if outcome.ok:
                return
        raise plan_ssh_error(self.address, outcome.stderr)

    def command(self, command: Command, *, tty: bool = False) -> Command:
        """Return the local command that runs this one there.

        Its variables, if it has any, are sent ahead. `tty`: with a terminal there. Raises PlaceError.
        """
        script = f"PATH=$PATH:{MORE_PATH}; export PATH\n"
        if command.env:
            path = self._send_variables(command.env)
            script += f". {quote(path)}; rm -f {quote(path)}\n"
        if command.cwd is not None:
            script += f"cd {quote(command.cwd)} || exit 127\n"
        script += f"exec {shlex.join(command.argv)}"
        return command._replace(argv=self._words(f"exec sh -c {quote(script)}", tty=tty), env={}, cwd=None)

    def shell(self, script: str, *, stdin: bytes | None = None, timeout: float | None = None) -> Outcome:
        """Run a script of sh there and capture it. Raises PlaceError when the machine is not to be had."""
        return self._perform(Command(("sh", "-c", script), stdin=stdin, timeout=timeout))

    def check(self, script: str, *, stdin: bytes | None = None, doing: str) -> str:
        """Run a script of sh there and return what it wrote. Raises PlaceError, also when it fails."""
        outcome = self.shell(script, stdin=stdin)
        if not outcome.ok:
            raise PlaceError(
                f"{self.address.host} could not {doing}: {outcome.last_lines(1) or f'exit code {outcome.code}'}",
                detail=outcome.last_lines(),
            )
        return outcome.stdout

    def pipe(self, command: Command) -> subprocess.Popen[bytes]:
        """Start a command there whose stdin and stdout are a byte stream for the caller, who ends it (`proc.stop`)."""
        return open_pipe(self.command(command))

    def dial(self, host: str, port: int) -> subprocess.Popen[bytes]:
        """Return a byte stream to a TCP port as that machine sees it; the caller ends it (`proc.stop`)."""
        words = self._words(
            "", batch=True, options=("-W", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        )
        # ClearAllForwardings would take -W away too.
        words = tuple(
            "ClearAllForwardings=no" if word == "ClearAllForwardings=yes" else word for word in words
        )
        return open_pipe(Command(words))

    def forward(self, local: str, target: str) -> None:
        """Let connections to `local` (a socket's path here, or `127.0.0.1:PORT`) reach `target` there (the same).

        It lasts as long as the connection, or until `unforward`. Raises PlaceError.
        """
        self._control("forward", "-o", "StreamLocalBindUnlink=yes", "-L", f"{local}:{target}")

    def unforward(self, local: str, target: str) -> None:
        """End what `forward` began; one that is not there is no error."""
        self._run(self._control_words("cancel", "-L", f"{local}:{target}"))

    def close(self) -> None:
        """End the connection and all that goes through it; one that is not there is no error."""
        self._run(self._control_words("exit"))

    # -- asking --------------------------------------------------------------------------------------------------------

    def _words(
        self, line: str, *, batch: bool = False, tty: bool = False, options: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        flags = ("-o", "BatchMode=yes") if batch else ()
        return (
            *self.client,
            *flags,
            "-t" if tty else "-T",
            *options,
            *self.address.words,
            *([line] if line else ()),
        )

    def _control_words(self, what: str, *words: str) -> tuple[str, ...]:
        return (
            "ssh",
            "-o",
            f"ControlPath={self.control.replace('%', '%%')}",
            "-O",
            what,
            *words,
            *self.address.words,
        )

    def _control(self, what: str, *words: str) -> None:
        outcome = self._run(self._control_words(what, *words))
        if not outcome.ok and not os.path.exists(self.control):
            self.open()
            outcome = self._run(self._control_words(what, *words))
        if not outcome.ok:
            raise plan_ssh_error(self.address, outcome.stderr)

    def _perform(self, command: Command) -> Outcome:
        outcome = self._run_command(self.command(command))
        return self.judge(outcome._replace(command=command))

    def judge(self, outcome: Outcome) -> Outcome:
        """Return the outcome of a command there. Raises PlaceError where it is ssh that failed."""
        if outcome.code == SSH_FAILED and is_ssh_failure(outcome.stderr):
            raise plan_ssh_error(self.address, outcome.stderr)
        return outcome

    def _run(self, words: tuple[str, ...]) -> Outcome:
        return self._run_command(Command(words))

    def _run_command(self, command: Command) -> Outcome:
        from cove.host.proc import CommandMissing

        try:
            return self.runner.run(command)
        except CommandMissing as error:
            raise PlaceError(
                "OpenSSH's client is missing: ssh is not on PATH", hint="Install the package openssh-client."
            ) from error

    def _send_variables(self, env: Mapping[str, str]) -> str:
        """Write variables to a file of the remote user's alone; whoever reads it removes it. Returns its path."""
        text = render_variables(env)
        script = (
            'umask 077; folder=${XDG_RUNTIME_DIR:-$HOME/.cache}/cove; mkdir -p "$folder" && '
            'file=$(mktemp "$folder/env.XXXXXXXX") && cat >"$file" && printf %s "$file"'
        )
        outcome = self.judge(
            self._run_command(Command(self._words(f"exec sh -c {quote(script)}"), stdin=text.encode()))
        )
        if not outcome.ok:
            raise PlaceError(
                f"{self.address.host} could not take a command's variables: {outcome.last_lines(1)}"
            )
        return outcome.stdout


def quote(text: str) -> str:
    """Return the text as one word of sh's."""
    return shlex.quote(text)


def render_variables(env: Mapping[str, str]) -> str:
    r"""Return the lines by which sh sets and exports variables; names that sh cannot have are left out.

    >>> render_variables({"TOKEN": "it's", "a.b": "no"})
    'export TOKEN=\'it\'"\'"\'s\'\n'
    """
    return "".join(f"export {name}={quote(value)}\n" for name, value in env.items() if name.isidentifier())


def is_ssh_failure(said: str) -> bool:
    """Return whether the client itself wrote this, rather than a command there that ended with 255.

    >>> is_ssh_failure("curl: (7) Connection refused"), is_ssh_failure("ssh: connect to host box port 22: Connection refused")
    (False, True)
    """
    lines = [line.strip().lower() for line in said.splitlines()]
    return any(line.startswith(BEGINNINGS) or ": permission denied (" in line for line in lines)


def plan_ssh_error(address: SshAddress, said: str) -> PlaceError:
    """Return what to tell a person of what the client wrote."""
    small = said.lower()
    for pattern, meaning, hint in FAILURES:
        if pattern in small:
            return PlaceError(
                f"cannot reach {address}: {meaning}",
                hint=hint.replace("HOST", address.host),
                detail=said.strip(),
            )
    last = said.strip().splitlines()[-1:] or ["ssh ended without a word"]
    return PlaceError(
        f"cannot reach {address}: {last[0]}",
        hint=f"`ssh {address.host}` must work by itself.",
        detail=said.strip(),
    )


class SshRunner:
    """A Runner whose commands run on another machine."""

    def __init__(self, connection: SshConnection) -> None:
        self.connection = connection

    def run(self, command: Command) -> Outcome:
        """Run there to the end and capture; see Runner. Raises PlaceError when the machine is not to be had."""
        outcome = self.connection.runner.run(self.connection.command(command))
        return self.connection.judge(outcome._replace(command=command))

    def stream(self, command: Command, on_line: OnLine) -> Outcome:
        """Run there to the end, line by line; see Runner."""
        outcome = self.connection.runner.stream(self.connection.command(command), on_line)
        return self.connection.judge(outcome._replace(command=command, stderr=outcome.stdout))

    def attach(self, command: Command) -> int:
        """Run there with the person's own terminal; see Runner."""
        return self.connection.runner.attach(self.connection.command(command, tty=os.isatty(0)))

    def cancel(self) -> None:
        """End every command that is running in other threads."""
        self.connection.runner.cancel()
