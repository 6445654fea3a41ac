"""The OpenSSH client as a person runs it: with cove's configuration, the home of the test, and nothing of the developer's."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from testbed.command import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from testbed.command import Cove


class Client(NamedTuple):
    """`client.ssh("digits.cove", "true")`; `client.run("scp", …)` for its companions."""

    cove: Cove
    config: str

    def words(self, program: str, *words: str) -> tuple[str, ...]:
        """Return a program's words, led to cove's configuration."""
        if program == "rsync":
            return ("rsync", "-e", f"ssh -F {self.config}", *words)
        return (program, "-F", self.config, *words)

    def run(
        self,
        program: str,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `ssh`, `scp`, `sftp` or `rsync` to its end."""
        return subprocess.run(
            self.words(program, *words),
            input=stdin,
            capture_output=True,
            check=False,
            timeout=timeout,
            env=self.cove.environment(env),
        )

    def ssh(self, host: str, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
        """Run a command over SSH and return how it ended, as text."""
        done = self.run("ssh", host, *words, stdin=stdin, env=env)
        return Result(("ssh", host, *words), done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(
        self, *words: str, env: Mapping[str, str] | None = None, stdout: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Start `ssh WORDS`, to be ended by the test."""
        return subprocess.Popen(
            self.words("ssh", *words),
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=self.cove.environment(env),
            start_new_session=True,
        )


def make_client(cove: Cove, *, environment: Sequence[str] = ()) -> Client:
    """Let cove write its configuration, and return the client that goes by it alone."""
    config = cove("ssh-config", "--json", *environment).check().json["config"]
    return Client(cove, config)


@contextlib.contextmanager
def running_agent(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An ssh-agent with one key; the variable that leads to it."""
    key = tmp_path / "agent_key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "in-the-agent", "-f", key], check=True
    )
    told = subprocess.run(
        ["ssh-agent", "-s", "-a", str(tmp_path / "agent.sock")], check=True, capture_output=True, text=True
    )
    pid = int(re.search(r"SSH_AGENT_PID=(\d+)", told.stdout)[1])  # type: ignore[index]
    env = {"SSH_AUTH_SOCK": str(tmp_path / "agent.sock")}
    try:
        subprocess.run(["ssh-add", "-q", key], check=True, env={**os.environ, **env})
        yield env
    finally:
        os.kill(pid, signal.SIGTERM)
