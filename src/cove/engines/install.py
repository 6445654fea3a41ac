"""An engine for a machine that has none: which packages, by which commands. Planned here, done only with consent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import EngineError, NetworkError
from cove.host.proc import Command, CommandMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.host.distribution import Distribution
    from cove.host.kernel import Kernel
    from cove.host.proc import OnLine, Runner

OFFLINE = re.compile(
    r"Temporary failure resolving|Could not resolve|Failed to fetch|Unable to connect to|Could not connect to"
    r"|Couldn't resolve host|Failed to download metadata|Cannot download|Could not retrieve|failed retrieving file"
    r"|temporary error \(try again later\)|network error|Curl error",
    re.IGNORECASE,
)

INSTALL: dict[str, tuple[tuple[str, ...], ...]] = {
    "apt": (
        ("apt-get", "update"),
        ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--no-install-recommends"),
    ),
    "dnf": (("dnf", "install", "--assumeyes", "--setopt=install_weak_deps=False"),),
    "zypper": (("zypper", "--non-interactive", "install", "--no-recommends"),),
    "pacman": (("pacman", "-Sy", "--noconfirm", "--needed"),),
    "apk": (("apk", "add", "--no-cache"),),
    "brew": (("brew", "install"),),
}
"""The commands of each package manager; the last one takes the packages."""


class InstallPlan(NamedTuple):
    """Packages, and the commands that bring them."""

    packages: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    note: str = ""
    """What the person should know besides, may be empty."""

    @property
    def text(self) -> str:
        """The commands as a person types them, one a line."""
        import shlex

        return "\n".join(shlex.join(command) for command in self.commands)


# -- planning ----------------------------------------------------------------------------------------------------------


def plan_install(distribution: Distribution, kernel: Kernel, *, root: bool) -> InstallPlan | None:
    """Return how podman comes onto this machine with all it needs here, or None if its package manager is not known.

    podman, because it needs no daemon: nothing has to be started, with or without systemd. `root`: cove runs as
    root, so containers will; otherwise the commands go through sudo and the packages for rootless containers come
    along.
    """
    if distribution.manager == "brew":
        plan = plan_tools(distribution, ("podman",), root=True)
        start = (("podman", "machine", "init"), ("podman", "machine", "start"))
        return plan._replace(
            commands=(*plan.commands, *start), note="podman runs containers in a small virtual machine."
        )
    packages = _packages(distribution, kernel, root=root)
    return plan_tools(distribution, packages, root=root) if packages else None


def plan_tools(distribution: Distribution, packages: Sequence[str], *, root: bool) -> InstallPlan:
    """Return how these packages come onto this machine. Raises EngineError if its package manager is not known."""
    commands = INSTALL.get(distribution.manager)
    if commands is None:
        raise EngineError(
            f"cove does not know how packages are installed on {distribution.name or 'this system'}",
            hint=f"Install by hand: {' '.join(packages)}",
        )
    sudo = () if root else ("sudo",)
    last = (*commands[-1], *packages)
    return InstallPlan(tuple(packages), tuple((*sudo, *command) for command in (*commands[:-1], last)))


def _packages(distribution: Distribution, kernel: Kernel, *, root: bool) -> tuple[str, ...]:
    match distribution.manager:
        case "apt":
            return _debian_packages(distribution, kernel, root=root)
        case "dnf":
            return ("podman", "runc") if kernel.cgroups == "hybrid" else ("podman",)
        case "zypper" | "pacman":
            return ("podman",) if root else ("podman", "slirp4netns", "fuse-overlayfs")
        case "apk":
            packages = ("podman", "netavark", "aardvark-dns", "iptables")
            return packages if root else (*packages, "slirp4netns", "fuse-overlayfs", "shadow-uidmap")
        case _:
            return ()


def _debian_packages(distribution: Distribution, kernel: Kernel, *, root: bool) -> tuple[str, ...]:
    """Return what podman needs of what Debian and Ubuntu only recommend, suggest, or leave to the administrator."""
    runtime = "runc" if kernel.cgroups == "hybrid" else "crun"
    modern = _release(distribution) >= (23 if distribution.id == "ubuntu" else 12)
    network = (
        ("netavark", "aardvark-dns", "iptables") if modern else ("containernetworking-plugins", "iptables")
    )
    # Tells containers' init, which `cove up` asks for; without it podman refuses to start one.
    packages = ("podman", runtime, *network, "catatonit")
    return packages if root else (*packages, "uidmap", "slirp4netns", "fuse-overlayfs", "dbus-user-session")


def _release(distribution: Distribution) -> int:
    """Return the major version; distributions under development and derived ones have none, and count as new."""
    major = distribution.version.partition(".")[0]
    return int(major) if major.isdigit() and distribution.id in {"debian", "ubuntu"} else 999


# -- doing -------------------------------------------------------------------------------------------------------------


def run_install(plan: InstallPlan, runner: Runner, on_line: OnLine) -> None:
    """Carry out a plan that the person agreed to.

    Raises NetworkError when the mirrors cannot be reached, EngineError when a command is missing or fails.
    """
    for command in plan.commands:
        _run(command, plan, runner, on_line)


def _run(argv: tuple[str, ...], plan: InstallPlan, runner: Runner, on_line: OnLine) -> None:
    try:
        if argv[0] == "sudo" and not runner.run(Command(("sudo", "-n", "true"))).ok:
            # It will ask for a password: that needs the person's terminal.
            code, said = runner.attach(Command(argv)), ""
        else:
            outcome = runner.stream(Command(argv), on_line)
            code, said = outcome.code, outcome.last_lines()
    except CommandMissing as error:
        raise EngineError(
            f"cannot install packages: {argv[0]} is not on PATH", hint=f"Run this as root:\n{_as_root(plan)}"
        ) from error
    if code == 0:
        return
    if OFFLINE.search(said):
        raise NetworkError(
            "cannot install packages: the distribution's mirror cannot be reached",
            hint="Check the network and the proxy settings of the package manager.",
            detail=said,
        )
    raise EngineError(
        f"cannot install packages: `{' '.join(argv)}` ended with {code}",
        hint=f"Run it by hand to see more:\n{plan.text}",
        detail=said,
    )


def _as_root(plan: InstallPlan) -> str:
    return plan.text.replace("sudo ", "")
