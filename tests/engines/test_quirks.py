from __future__ import annotations

import pytest

from cove.engines.info import EngineFacts
from cove.engines.quirks import plan_adaptation
from cove.host.kernel import Kernel

DOCKER = EngineFacts("docker", "28.2.2", rootless=False, arch="amd64", buildkit=True)
PODMAN = EngineFacts("podman", "4.3.1", rootless=False, arch="amd64", runtime="crun", storage="overlay")
FINE = Kernel()
THERE = {"catatonit": "/usr/libexec/podman/catatonit"}
LIMITED = Kernel(may_raise_limits=False, open_files=20000, processes=32768, locked_memory=8)
HARD = (("memlock", 8), ("stack", -1))


def test_an_ordinary_host_needs_nothing() -> None:
    for facts in (DOCKER, PODMAN):
        adaptation = plan_adaptation(f"/usr/bin/{facts.name}", facts, FINE, THERE)
        assert (adaptation.quirks, adaptation.needs) == ((), ())
        assert (adaptation.dialect.program, adaptation.dialect.run_flags) == (f"/usr/bin/{facts.name}", ())
        assert adaptation.dialect.global_flags == ()


@pytest.mark.parametrize(
    ("facts", "kernel", "expected"),
    [
        (DOCKER, LIMITED, ()),  # an ordinary user of a daemon that may
        (DOCKER, LIMITED._replace(anyone_may_raise=False), HARD),
        (DOCKER._replace(rootless=True), LIMITED, HARD),
        (PODMAN, LIMITED, HARD),
        (PODMAN, FINE, ()),
        (PODMAN._replace(rootless=True), FINE._replace(locked_memory=8, stack=-1), HARD),
        (PODMAN._replace(service=True), LIMITED, ()),
    ],
)
def test_limits_that_stay(facts: EngineFacts, kernel: Kernel, expected: tuple[tuple[str, int], ...]) -> None:
    assert plan_adaptation("engine", facts, kernel, THERE).dialect.hard_limits == expected


def test_dockers_builder() -> None:
    modern = plan_adaptation("docker", DOCKER, LIMITED, {}).dialect
    assert (modern.buildkit, modern.certificate_way, modern.build_env) == (
        True,
        "secret",
        (("DOCKER_BUILDKIT", "1"),),
    )
    legacy = plan_adaptation("docker", DOCKER._replace(buildkit=False), FINE, {})
    assert (legacy.dialect.certificate_way, legacy.dialect.build_env) == ("copy", (("DOCKER_BUILDKIT", "0"),))
    assert legacy.quirks == ("docker's legacy builder is used, since this docker command has no BuildKit.",)


ROOTLESS = PODMAN._replace(rootless=True)


@pytest.mark.parametrize(
    ("facts", "kernel", "field", "expected", "word"),
    [
        (PODMAN, LIMITED, "run_flags", ("--ulimit", "nofile=20000:20000", "--ulimit", "nproc=32768:32768"), "limits"),
        (ROOTLESS, LIMITED, "run_flags", (), ""),
        (PODMAN._replace(selinux=True), FINE, "run_flags", ("--security-opt", "label=disable"), "SELinux"),
        (
            PODMAN._replace(selinux=True), FINE, "build_flags",
            ("--format", "docker", "--security-opt", "label=disable"), "SELinux",
        ),
        (DOCKER._replace(selinux=True), FINE, "run_flags", ("--security-opt", "label=disable"), "SELinux"),
        (DOCKER._replace(selinux=True), FINE, "build_flags", (), "SELinux"),
        (
            PODMAN._replace(cgroup_manager="systemd"), FINE._replace(systemd=False), "global_flags",
            ("--cgroup-manager", "cgroupfs"), "without systemd",
        ),
        (PODMAN._replace(cgroup_manager="systemd"), FINE, "global_flags", (), ""),
        (
            PODMAN._replace(event_logger="journald"), FINE._replace(systemd=False), "global_flags",
            ("--events-backend", "file"), "no journal",
        ),
        (
            PODMAN._replace(log_driver="journald"), FINE._replace(systemd=False), "run_flags",
            ("--log-driver", "k8s-file"), "no journal",
        ),
        (ROOTLESS, FINE._replace(tun=False), "run_flags", ("--network", "host"), "/dev/net/tun"),
        (ROOTLESS, FINE._replace(tun=False), "build_flags", ("--format", "docker", "--network", "host"), "/dev/net/tun"),
        (PODMAN, FINE._replace(tun=False), "run_flags", (), ""),
        (ROOTLESS._replace(storage="vfs"), FINE, "run_flags", (), "vfs"),
        (DOCKER._replace(rootless=True), FINE, "run_flags", (), "rootless"),
    ],
)  # fmt: skip
def test_each_quirk_has_its_flags_and_a_sentence(facts, kernel, field, expected, word) -> None:
    adaptation = plan_adaptation("p", facts, kernel, THERE)
    assert getattr(adaptation.dialect, field) == expected
    assert word in "".join(adaptation.quirks) if word else adaptation.quirks == ()
    assert all(sentence.endswith(".") for sentence in adaptation.quirks)


def test_hybrid_control_groups_take_runc() -> None:
    hybrid = FINE._replace(cgroups="hybrid")
    assert plan_adaptation("p", PODMAN, hybrid, THERE).needs == ("runc",)
    adapted = plan_adaptation("p", PODMAN, hybrid, {**THERE, "runc": "/usr/bin/runc"})
    assert (adapted.dialect.global_flags, adapted.needs) == (("--runtime", "runc"), ())
    assert plan_adaptation("p", PODMAN._replace(runtime="runc"), hybrid, THERE).dialect.global_flags == ()


@pytest.mark.parametrize(
    ("programs", "words"),
    [
        (THERE, ("--init",)),
        ({"init": "/usr/bin/docker-init"}, ("--init", "--init-path", "/usr/bin/docker-init")),
        ({}, ()),
    ],
)
def test_podmans_init(programs: dict[str, str], words: tuple[str, ...]) -> None:
    assert plan_adaptation("p", PODMAN, FINE, programs).dialect.init_words == words


def test_ids_can_be_kept_by_rootless_podman_alone() -> None:
    def ids(facts: EngineFacts) -> tuple[bool, bool]:
        dialect = plan_adaptation("p", facts, FINE, THERE).dialect
        return dialect.keep_ids, dialect.keep_ids_as

    assert ids(PODMAN) == ids(DOCKER._replace(rootless=True)) == (False, False)
    assert ids(ROOTLESS) == (True, True)
    assert ids(ROOTLESS._replace(version="4.2.0")) == (True, False)


def test_a_podman_service_elsewhere_is_not_judged_by_this_host() -> None:
    adaptation = plan_adaptation("p", PODMAN._replace(service=True), LIMITED._replace(cgroups="hybrid"), {})
    assert (adaptation.needs, adaptation.dialect.run_flags) == ((), ())
    assert adaptation.dialect.certificate_way == "secret"  # its files are not ours: no volume
