from __future__ import annotations

import pytest

from cove.engines.install import plan_install, plan_tools, run_install
from cove.errors import EngineError, NetworkError
from cove.host.distribution import Distribution
from cove.host.kernel import Kernel
from cove.host.proc import CommandMissing
from cove.testing import FakeRunner

KERNEL = Kernel()
HYBRID = Kernel(cgroups="hybrid")
BOOKWORM = Distribution("debian", (), "12", "bookworm", "Debian GNU/Linux 12 (bookworm)", "apt")


def test_debian_as_root() -> None:
    plan = plan_install(BOOKWORM, HYBRID, root=True)
    assert plan.packages == ("podman", "runc", "netavark", "aardvark-dns", "iptables", "catatonit")
    assert plan.text == (
        "apt-get update\n"
        "env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "
        "podman runc netavark aardvark-dns iptables catatonit"
    )


def test_debian_as_an_ordinary_user() -> None:
    plan = plan_install(BOOKWORM, KERNEL, root=False)
    assert plan.packages[1] == "crun"
    assert plan.packages[-4:] == ("uidmap", "slirp4netns", "fuse-overlayfs", "dbus-user-session")
    assert all(command[0] == "sudo" for command in plan.commands)


@pytest.mark.parametrize(
    ("id_", "version", "network"),
    [
        ("debian", "11", "containernetworking-plugins"), ("debian", "13", "netavark"), ("debian", "", "netavark"),
        ("ubuntu", "22.04", "containernetworking-plugins"), ("ubuntu", "24.04", "netavark"), ("linuxmint", "21", "netavark"),
    ],
)  # fmt: skip
def test_networks_by_release(id_: str, version: str, network: str) -> None:
    plan = plan_install(Distribution(id_, version=version, manager="apt"), KERNEL, root=True)
    assert plan.packages[2] == network


@pytest.mark.parametrize(
    ("manager", "kernel", "root", "last"),
    [
        ("dnf", KERNEL, True, "dnf install --assumeyes --setopt=install_weak_deps=False podman"),
        ("dnf", HYBRID, True, "dnf install --assumeyes --setopt=install_weak_deps=False podman runc"),
        (
            "zypper",
            KERNEL,
            False,
            "sudo zypper --non-interactive install --no-recommends podman slirp4netns fuse-overlayfs",
        ),
        ("pacman", KERNEL, True, "pacman -Sy --noconfirm --needed podman"),
        ("apk", KERNEL, True, "apk add --no-cache podman netavark aardvark-dns iptables"),
        ("brew", KERNEL, False, "brew install podman\npodman machine init\npodman machine start"),
    ],
)
def test_other_systems(manager: str, kernel: Kernel, last: str, *, root: bool) -> None:
    assert plan_install(Distribution(manager=manager), kernel, root=root).text == last


def test_a_system_nobody_knows() -> None:
    assert plan_install(Distribution(name="Plan 9"), KERNEL, root=True) is None
    with pytest.raises(EngineError, match="how packages are installed on Plan 9"):
        plan_tools(Distribution(name="Plan 9"), ["x"], root=True)


def test_run_shows_each_line() -> None:
    runner = (
        FakeRunner().answer("apt-get update", stdout="Get:1\n").answer("env apt-get install", stdout="done\n")
    )
    lines: list[str] = []
    run_install(plan_install(BOOKWORM, KERNEL, root=True), runner, lines.append)
    assert lines == ["Get:1", "done"]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("E: Failed to fetch http://m/x  Temporary failure resolving 'm'", NetworkError),
        ("E: dpkg was interrupted", EngineError),
    ],
)
def test_failures(said: str, error: type[Exception]) -> None:
    runner = FakeRunner().answer("apt-get update", stdout=said, code=100)
    with pytest.raises(error) as caught:
        run_install(plan_install(BOOKWORM, KERNEL, root=True), runner, print)
    assert type(caught.value) is error
    assert said in caught.value.detail
    assert len(runner.commands) == 1


def test_sudo_that_needs_a_password_gets_the_terminal() -> None:
    runner = FakeRunner().answer("sudo").answer("sudo -n true", code=1)
    run_install(plan_tools(BOOKWORM, ["x"], root=False), runner, print)
    assert len(runner.attached) == 2
    runner = FakeRunner().answer("sudo")
    run_install(plan_tools(BOOKWORM, ["x"], root=False), runner, print)
    assert runner.attached == []


def test_without_sudo_the_person_is_told_what_root_must_run() -> None:
    runner = FakeRunner().answer("sudo", error=CommandMissing("sudo"))
    with pytest.raises(EngineError, match="sudo is not on PATH") as caught:
        run_install(plan_tools(BOOKWORM, ["x"], root=False), runner, print)
    assert "\napt-get update\n" in caught.value.hint
