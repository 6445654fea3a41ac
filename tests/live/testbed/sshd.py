"""Another machine: a network and mounts of its own, in which an sshd listens, and a dockerd on a unix socket.

Files are seen as here, save what a test hides (`hide`), so that nothing works by accident because the disk is shared.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from testbed.docker import docker_environment, private_docker
from testbed.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.slot import Slot

HOST = "machine"
"""Its name in the person's OpenSSH configuration."""

SSHD_CONFIG = """\
ListenAddress {address}
HostKey {folder}/host
AuthorizedKeysFile {folder}/me.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
SetEnv {variables}
"""
SSH_CONFIG = """\
Host {host}
  HostName {address}
  User root
  IdentityFile {folder}/me
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
"""


class OtherMachine(NamedTuple):
    """A machine that answers to `ssh://machine` for whoever has `env`."""

    folder: Path
    address: str
    pid: int
    """Of the process that holds its namespaces."""
    link: str
    """The host's end of the cable."""

    @property
    def env(self) -> dict[str, str]:
        """What leads a person's programs there: an `ssh` on PATH that reads this machine's configuration."""
        return {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    @property
    def url(self) -> str:
        """What `--on` takes."""
        return f"ssh://{HOST}"

    @property
    def inside(self) -> tuple[str, ...]:
        """The words before a command that is to run there, without sshd."""
        return ("nsenter", f"--target={self.pid}", "--net", "--mount", "--")

    def run(self, *argv: str, check: bool = True) -> str:
        """Run a command there and return what it wrote."""
        done = subprocess.run([*self.inside, *argv], check=check, capture_output=True, text=True)
        return done.stdout

    def hide(self, *folders: Path | str) -> None:
        """Put an empty disk of its own in place of folders that only this machine has."""
        for folder in folders:
            self.run("mount", "-t", "tmpfs", "-o", "mode=755", "none", str(folder))

    def cut(self) -> None:
        """Pull the cable: packets vanish, nobody is told."""
        subprocess.run(["ip", "link", "set", self.link, "down"], check=True)

    def mend(self) -> None:
        """Plug the cable in again."""
        subprocess.run(["ip", "link", "set", self.link, "up"], check=True)

    def listening(self) -> list[str]:
        """Return the addresses that TCP and UDP listen on there."""
        lines = self.run("ss", "-Hltun").splitlines()
        return [line.split()[4] for line in lines]


@contextlib.contextmanager
def other_machine(slot: Slot, *, docker: bool = True) -> Iterator[OtherMachine]:
    """Run the machine until the block ends; with `docker`, its daemon, which only the ssh session's DOCKER_HOST names."""
    folder = slot.folder / "m"
    folder.mkdir(mode=0o711)
    log = folder / "log"
    words = ["unshare", "--net", "--mount", "--propagation", "private", "sleep", "infinity"]
    with running(words, log=log, ready=lambda: True) as holder, contextlib.ExitStack() as stack:
        machine = OtherMachine(
            folder, f"10.215.{slot.number}.2", wait_for_namespaces(holder.pid), f"cvm{slot.number}h"
        )
        stack.enter_context(cable(slot, machine))
        stack.callback(end_sessions, machine)
        write_client(machine)
        write_server(machine)
        stack.enter_context(
            running(
                [*machine.inside, "/usr/sbin/sshd", "-D", "-e", "-f", f"{folder}/sshd_config"],
                log=log,
                ready=lambda: answers(machine),
            )
        )
        if docker:
            stack.enter_context(private_docker(slot._replace(folder=folder), inside=machine.inside))
        yield machine


def end_sessions(machine: OtherMachine) -> None:
    """End what still runs there: the sessions of an sshd outlive it."""
    there = os.readlink(f"/proc/{machine.pid}/ns/net")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            if os.readlink(folder / "ns" / "net") == there and int(folder.name) != machine.pid:
                os.kill(int(folder.name), signal.SIGKILL)


def docker_there(machine: OtherMachine, slot: Slot) -> dict[str, str]:
    """Return the environment by which a test, not cove, talks to that machine's daemon."""
    from testbed.docker import find_cli

    return docker_environment(slot._replace(folder=machine.folder), find_cli(buildkit=True), buildkit=True)


def wait_for_namespaces(pid: int) -> int:
    """Return the process once it has namespaces of its own: `setpriv` and `unshare` become it, one after the other."""
    import time

    limit = time.monotonic() + 20
    while os.readlink(f"/proc/{pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt"):
        if time.monotonic() > limit:
            raise RuntimeError("no namespaces of its own")
        time.sleep(0.02)
    return pid


@contextlib.contextmanager
def cable(slot: Slot, machine: OtherMachine) -> Iterator[None]:
    """Connect the machine with this one."""
    subprocess.run(["ip", "link", "del", machine.link], check=False, capture_output=True)
    there = f"cvm{slot.number}c"
    add = [
        "ip",
        "link",
        "add",
        machine.link,
        "type",
        "veth",
        "peer",
        "name",
        there,
        "netns",
        str(machine.pid),
    ]
    subprocess.run(add, check=True)
    try:
        subprocess.run(["ip", "addr", "add", f"10.215.{slot.number}.1/24", "dev", machine.link], check=True)
        subprocess.run(["ip", "link", "set", machine.link, "up"], check=True)
        machine.run("ip", "addr", "add", f"{machine.address}/24", "dev", there)
        machine.run("ip", "link", "set", "lo", "up")
        machine.run("ip", "link", "set", there, "up")
        machine.run("ip", "route", "add", "default", "via", f"10.215.{slot.number}.1")
        yield
    finally:
        subprocess.run(["ip", "link", "del", machine.link], check=False, capture_output=True)


def write_server(machine: OtherMachine) -> None:
    """Write sshd's keys and configuration; what an account there has in its environment comes with it."""
    folder = machine.folder
    os.makedirs("/run/sshd", exist_ok=True)
    variables = {
        "DOCKER_HOST": f"unix://{folder}/d.sock",
        "XDG_DATA_HOME": f"{folder}/data",
        "XDG_CACHE_HOME": f"{folder}/cache",
    }
    text = SSHD_CONFIG.format(
        address=machine.address,
        folder=folder,
        variables=" ".join(f"{name}={value}" for name, value in variables.items()),
    )
    (folder / "sshd_config").write_text(text)


def write_client(machine: OtherMachine) -> None:
    """Write both sides' keys, and an `ssh` that reads the machine's configuration: the real one looks in root's home."""
    folder = machine.folder
    for name in ("host", "me"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "known_hosts").write_text(f"{machine.address} {(folder / 'host.pub').read_text()}")
    (folder / "ssh_config").write_text(SSH_CONFIG.format(host=HOST, address=machine.address, folder=folder))
    (folder / "bin").mkdir()
    ssh = folder / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {folder}/ssh_config "$@"\n')
    ssh.chmod(0o755)


def answers(machine: OtherMachine) -> bool:
    """Whether its sshd takes a login."""
    argv = [f"{machine.folder}/bin/ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=2", HOST, "true"]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0
