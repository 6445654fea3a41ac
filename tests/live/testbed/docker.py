"""A docker daemon of the session's own, and the two kinds of docker command line.

The daemon touches no iptables chain: docker's chains are one set for the whole machine, and a second daemon flushes the
first one's at its start. So this one gets a bridge of its own, published ports go through docker's userland proxy, and
three rules of ours, for our addresses only, give the containers their way out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from testbed.gpus import write_hook
from testbed.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testbed.slot import Slot

CLI_FOLDERS = ("/usr/bin", "/usr/local/bin", "/snap/bin")


def socket_path(slot: Slot) -> Path:
    """Return where the daemon's socket is, or would be."""
    return slot.folder / "d.sock"


@contextlib.contextmanager
def private_docker(
    slot: Slot, *, real_gpus: bool = False, inside: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon until the block ends; unless GPUs are real, with the hook that simulates NVIDIA's.

    `inside`: the words before each command that is to run in another network namespace.
    """
    dockerd = shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if dockerd is None:
        raise RuntimeError("dockerd is missing: the live tests need docker (./test installs it)")
    place = slot.folder / "d"
    place.mkdir(mode=0o711, exist_ok=True)  # a daemon may come again
    with own_bridge(slot, inside):
        argv = [
            *inside,
            dockerd,
            f"--host=unix://{socket_path(slot)}",
            f"--data-root={place}/root",
            f"--exec-root={place}/exec",
            f"--pidfile={place}/pid",
            # A developer's containerd, if there is one, is shared with other names only.
            f"--containerd-namespace=cove-tests-{slot.number}",
            f"--containerd-plugins-namespace=cove-tests-plugins-{slot.number}",
            f"--bridge={slot.docker_bridge}",
            f"--default-address-pool=base={slot.docker_pool},size=26",
            "--iptables=false",
            "--ip6tables=false",
        ]
        path = os.environ["PATH"]
        with running(
            argv,
            log=slot.folder / "dockerd.log",
            ready=lambda: answers(socket_path(slot)),
            env={**os.environ, "PATH": path if real_gpus else f"{write_hook(slot.folder / 'hooks')}:{path}"},
        ) as process:
            yield process


def answers(path: Path) -> bool:
    """Whether a daemon answers a ping at this socket."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(str(path))
        connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return b" 200 " in connection.recv(64)
    return False


@contextlib.contextmanager
def own_bridge(slot: Slot, inside: Sequence[str] = ()) -> Iterator[None]:
    """Make the bridge and the rules that let its containers out; both carry the slot's name and are removed."""
    remove_bridge(slot, inside)
    try:
        for words in (
            ["link", "add", slot.docker_bridge, "type", "bridge"],
            ["addr", "add", f"{slot.docker_gateway}/24", "dev", slot.docker_bridge],
            ["link", "set", slot.docker_bridge, "up"],
        ):
            subprocess.run([*inside, "ip", *words], check=True)
        for rule in rules(slot, "-I"):
            subprocess.run([*inside, "iptables", "-w", *rule], check=True)
        yield
    finally:
        remove_bridge(slot, inside)


def remove_bridge(slot: Slot, inside: Sequence[str] = ()) -> None:
    """Remove the bridge and the rules, as far as they are there."""
    for rule in rules(slot, "-D"):
        command = [*inside, "iptables", "-w", *rule]
        while subprocess.run(command, check=False, capture_output=True).returncode == 0:
            pass
    subprocess.run([*inside, "ip", "link", "del", slot.docker_bridge], check=False, capture_output=True)


def rules(slot: Slot, action: str) -> list[list[str]]:
    """Return the three iptables rules, to insert (`-I`) or to delete (`-D`)."""
    ours = slot.networks
    return [
        ["-t", "nat", action, "POSTROUTING", "-s", ours, "!", "-d", ours, "-j", "MASQUERADE"],
        [action, "FORWARD", "-s", ours, "-j", "ACCEPT"],
        [action, "FORWARD", "-d", ours, "-j", "ACCEPT"],
    ]


def docker_environment(slot: Slot, cli: Path | None, *, buildkit: bool) -> dict[str, str]:
    """Return what leads a program to this daemon through this command line.

    The command line is found on PATH like any other, so a folder with one link goes first.
    """
    folder = slot.folder / ("cli" if buildkit else "cli-legacy")
    folder.mkdir(mode=0o755, exist_ok=True)
    (folder / "config").mkdir(mode=0o755, exist_ok=True)
    (folder / "config" / "config.json").write_text(
        "{}\n"
    )  # podman insists on the file where the variable is set
    env = {"DOCKER_HOST": f"unix://{socket_path(slot)}", "DOCKER_CONFIG": str(folder / "config")}
    if cli is not None:
        link = folder / "bin" / "docker"
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            link.symlink_to(cli)
        env["PATH"] = f"{link.parent}:{os.environ['PATH']}"
    if not buildkit and cli is not None and has_buildkit(cli):
        env["DOCKER_BUILDKIT"] = "0"
    return env


def find_cli(*, buildkit: bool) -> Path:
    """Return a docker command line with, or without, BuildKit.

    Where each one has it, a program that wants none of it says DOCKER_BUILDKIT=0: the same builder in the daemon.
    """
    found = [
        path
        for folder in [*os.environ["PATH"].split(":"), *CLI_FOLDERS]
        if (path := Path(folder, "docker")).exists()
    ]
    real = [path for path in dict.fromkeys(map(Path.resolve, found)) if is_docker(path)]
    if fitting := [path for path in real if has_buildkit(path) is buildkit]:
        return fitting[0]
    if buildkit or not real:
        raise RuntimeError(
            f"no docker command line with BuildKit among {[str(path) for path in real]} (./test installs one)"
        )
    return real[0]


def is_docker(path: Path) -> bool:
    """Whether this is docker and not podman under its name."""
    return (
        "Docker version"
        in subprocess.run([path, "--version"], check=False, capture_output=True, text=True).stdout
    )


def has_buildkit(path: Path) -> bool:
    """Whether `docker build` can use BuildKit: built in before version 23, by the buildx plug-in since."""
    version = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout.split()[
        2
    ]
    if int(version.split(".")[0]) < 23:
        return True
    env = {"PATH": os.environ["PATH"], "DOCKER_CONFIG": "/nonexistent", "HOME": "/nonexistent"}
    return (
        subprocess.run([path, "buildx", "version"], check=False, capture_output=True, env=env).returncode == 0
    )
