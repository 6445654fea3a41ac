"""Hosts where an engine's defaults fail, and what cove does about each. Pure: facts in, an adapted dialect out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.engines.dialect import DOCKER, PODMAN
from cove.engines.info import parse_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.engines.dialect import Dialect
    from cove.engines.info import EngineFacts
    from cove.host.kernel import Kernel

PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "runc": ("/usr/bin/runc", "/usr/sbin/runc", "/usr/local/bin/runc", "/usr/local/sbin/runc", "/sbin/runc"),
    "catatonit": (
        "/usr/libexec/podman/catatonit",
        "/usr/local/libexec/podman/catatonit",
        "/usr/local/lib/podman/catatonit",
        "/usr/lib/podman/catatonit",
        "/usr/libexec/catatonit/catatonit",
    ),
    # Static builds of tini: a dynamic one would need the image's own C library.
    "init": (
        "/usr/bin/catatonit",
        "/usr/bin/docker-init",
        "/usr/bin/tini-static",
        "/usr/libexec/docker/docker-init",
    ),
}
"""Programs whose presence decides, and where they lie."""


class Adaptation(NamedTuple):
    """How cove talks to an engine on this host."""

    dialect: Dialect
    quirks: tuple[str, ...] = ()
    """Each adaptation as a sentence."""
    needs: tuple[str, ...] = ()
    """Programs without which no container starts here."""


def plan_adaptation(
    program: str, facts: EngineFacts, kernel: Kernel, programs: Mapping[str, str]
) -> Adaptation:
    """Return the dialect for the engine that `program` turned out to be.

    `programs` holds the paths of those of PROGRAMS that are there.
    """
    if facts.name == "docker":
        return _docker(program, facts, kernel)
    as_others = facts.rootless and parse_version(facts.version) >= (4, 3)
    adaptation = Adaptation(PODMAN._replace(program=program, keep_ids=facts.rootless, keep_ids_as=as_others))
    if facts.service:  # the host beneath is not this one
        return adaptation._replace(dialect=adaptation.dialect._replace(certificate_way="secret"))
    limits = _hard_limits(kernel, may_raise=kernel.may_raise_limits and not facts.rootless)
    adaptation = adaptation._replace(dialect=adaptation.dialect._replace(hard_limits=limits))
    for adapt in (_selinux, _runtime, _limits, _systemd, _network, _storage):
        adaptation = adapt(adaptation, facts, kernel, programs)
    return _init(adaptation, programs)


def _hard_limits(kernel: Kernel, *, may_raise: bool) -> tuple[tuple[str, int], ...]:
    return () if may_raise else (("memlock", kernel.locked_memory), ("stack", kernel.stack))


def _docker(program: str, facts: EngineFacts, kernel: Kernel) -> Adaptation:
    dialect = DOCKER._replace(
        program=program,
        hard_limits=_hard_limits(kernel, may_raise=kernel.anyone_may_raise and not facts.rootless),
        buildkit=facts.buildkit,
        build_env=(("DOCKER_BUILDKIT", "1" if facts.buildkit else "0"),),
        certificate_way="secret" if facts.buildkit else "copy",
    )
    adaptation = Adaptation(dialect)
    if not facts.buildkit:
        adaptation = _noted(
            adaptation, "docker's legacy builder is used, since this docker command has no BuildKit."
        )
    if facts.rootless:
        adaptation = _noted(
            adaptation, "docker runs rootless: root inside a container is this machine's user."
        )
    return _selinux(adaptation, facts)


def _selinux(adaptation: Adaptation, facts: EngineFacts, *_: object) -> Adaptation:
    if not facts.selinux:
        return adaptation
    flags = ("--security-opt", "label=disable")
    build = flags if adaptation.dialect.name == "podman" else ()
    return _noted(
        _flagged(adaptation, run=flags, build=build),
        "SELinux separation is off for cove's containers, so that folders need no relabelling.",
    )


def _runtime(
    adaptation: Adaptation, facts: EngineFacts, kernel: Kernel, programs: Mapping[str, str]
) -> Adaptation:
    if kernel.cgroups != "hybrid" or facts.runtime != "crun":
        return adaptation
    if "runc" not in programs:
        return adaptation._replace(needs=(*adaptation.needs, "runc"))
    return _noted(
        _flagged(adaptation, everywhere=("--runtime", "runc")),
        "runc is used, since crun refuses this host's hybrid control groups.",
    )


def _limits(adaptation: Adaptation, facts: EngineFacts, kernel: Kernel, *_: object) -> Adaptation:
    """As root podman asks for limits above the host's hard ones; `--ulimit host` does not always help (4.3)."""
    if facts.rootless or kernel.may_raise_limits:
        return adaptation
    limits = {"nofile": kernel.open_files, "nproc": kernel.processes}
    flags = [word for name, most in limits.items() for word in ("--ulimit", f"{name}={most}:{most}")]
    return _noted(
        _flagged(adaptation, run=tuple(flags)),
        "Containers get this host's limits of open files and processes, which may not be raised here.",
    )


def _systemd(adaptation: Adaptation, facts: EngineFacts, kernel: Kernel, *_: object) -> Adaptation:
    if kernel.systemd:
        return adaptation
    if facts.cgroup_manager == "systemd":
        adaptation = _noted(
            _flagged(adaptation, everywhere=("--cgroup-manager", "cgroupfs")),
            "Control groups are managed without systemd, which does not run here.",
        )
    if facts.event_logger == "journald" or facts.log_driver == "journald":
        adaptation = _noted(
            _flagged(adaptation, everywhere=("--events-backend", "file"), run=("--log-driver", "k8s-file")),
            "Events and logs go to files, since no journal runs here.",
        )
    return adaptation


def _network(adaptation: Adaptation, facts: EngineFacts, kernel: Kernel, *_: object) -> Adaptation:
    if not facts.rootless or kernel.tun:
        return adaptation
    flags = ("--network", "host")
    return _noted(
        _flagged(adaptation, run=flags, build=flags),
        "Containers share the host's network, since this user may not open /dev/net/tun.",
    )


def _storage(adaptation: Adaptation, facts: EngineFacts, *_: object) -> Adaptation:
    if facts.storage != "vfs":
        return adaptation
    return _noted(
        adaptation, "podman's storage driver is vfs, which copies the whole image for each container: slow."
    )


def _init(adaptation: Adaptation, programs: Mapping[str, str]) -> Adaptation:
    if "catatonit" in programs:
        return adaptation
    if "init" in programs:
        words = ("--init", "--init-path", programs["init"])
        return _noted(
            adaptation._replace(dialect=adaptation.dialect._replace(init_words=words)),
            f"{programs['init']} is the containers' init, since podman's own (catatonit) is not installed.",
        )
    return _noted(
        adaptation._replace(dialect=adaptation.dialect._replace(init_words=())),
        "Containers start without an init process, since podman's (catatonit) is not installed.",
    )


def with_overlay(adaptation: Adaptation, flags: tuple[str, ...]) -> Adaptation:
    """Return the adaptation for a rootless podman whose storage was opened with the overlay driver."""
    return _noted(
        _flagged(adaptation, everywhere=flags),
        "podman's storage uses the overlay driver, where podman itself might choose the slow vfs.",
    )


def _noted(adaptation: Adaptation, sentence: str) -> Adaptation:
    return adaptation._replace(quirks=(*adaptation.quirks, sentence))


def _flagged(
    adaptation: Adaptation,
    *,
    everywhere: tuple[str, ...] = (),
    run: tuple[str, ...] = (),
    build: tuple[str, ...] = (),
) -> Adaptation:
    dialect = adaptation.dialect
    return adaptation._replace(
        dialect=dialect._replace(
            global_flags=(*dialect.global_flags, *everywhere),
            run_flags=(*dialect.run_flags, *run),
            build_flags=(*dialect.build_flags, *build),
        )
    )
