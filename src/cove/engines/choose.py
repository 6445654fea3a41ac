"""Which engine: the one asked for, the one the environment points to, else what answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cove.engines.base import EngineInfo
from cove.engines.cli import CliEngine
from cove.engines.memory import Known, read_memory, render_key, write_memory
from cove.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.engines.info import EngineFacts
    from cove.host.machine import Machine
    from cove.host.proc import Runner

ENGINES = ("docker", "podman")
"""In the order of preference."""

PROBE_SECONDS = 15.0
DEFAULT_SOCKET = "/var/run/docker.sock"
DAEMON_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/snap/bin")
"""Where a docker daemon may lie without being on a person's PATH."""
LOOPBACK = ("127.", "localhost", "[::1]", "::1")


class NoEngine(EngineError):  # noqa: N818 - an absence, which an installation cures
    """Neither docker nor podman is installed; `engines/install.py` plans how to get one."""


class Probe(NamedTuple):
    """What came of asking one program."""

    program: str
    known: Known | None = None
    problem: EngineError | None = None


def read_engine(name: str | None, runner: Runner, machine: Machine) -> CliEngine:
    """Return the engine to use.

    `name` is `docker`, `podman`, the path of such a command, `ssh://HOST` for one on another machine, or None for what
    answers: docker before podman, and docker alone where DOCKER_HOST or DOCKER_CONTEXT points to a daemon. The answer is
    remembered, so that most calls start no process here.

    Raises PlaceError when another machine is not to be had, NoEngine when there is no such program, EngineError when none
    of them can be used, saying why.
    """
    if word := find_elsewhere(name, machine):
        from cove.engines.elsewhere import read_engine_elsewhere

        return read_engine_elsewhere(word, runner, machine)
    programs = find_programs(name, machine)
    key = render_key(name or "", programs, machine)
    if known := read_memory(machine, key):
        return CliEngine(known[0].dialect, known[0].info, runner, machine)
    probes = probe(programs, runner, machine)
    found = next((item.known for item in probes if item.known is not None), None)
    if found is None:
        if name is None and len(probes) == 1 and is_client_alone(probes[0], machine):
            raise NoEngine(
                "no container engine is installed: docker is only its command line here, without a daemon",
                hint="Install podman or docker's daemon; with --yes cove installs podman from the distribution's packages.",
            )
        raise plan_silence(probes)
    write_memory(machine, key, [found])
    return CliEngine(found.dialect, found.info, runner, machine)


def read_engines(runner: Runner, machine: Machine) -> list[CliEngine]:
    """Return every engine that answers, docker first; none is an empty list. Remembered while all answer."""
    if word := find_elsewhere(None, machine):
        from cove.engines.elsewhere import read_engine_elsewhere

        return [read_engine_elsewhere(word, runner, machine)]
    programs = [path for name in ENGINES if (path := which(name, machine))]
    key = render_key("*", programs, machine)
    known = read_memory(machine, key)
    if known is None:
        probes = probe(programs, runner, machine)
        known = [item.known for item in probes if item.known is not None]
        if len(known) == len(programs):
            write_memory(machine, key, known)
    # docker may be podman in disguise (the package podman-docker): one engine, not two
    by_name = {item.info.name: item for item in reversed(known)}
    return [
        CliEngine(by_name[name].dialect, by_name[name].info, runner, machine)
        for name in ENGINES
        if name in by_name
    ]


def find_elsewhere(name: str | None, machine: Machine) -> str:
    """Return the word for an engine on another machine, where that is what the name or the environment points to.

    `ssh://HOST` as a name, DOCKER_HOST or docker's context; for podman CONTAINER_HOST or its connection.
    """
    if name and "ssh://" in name:
        return name
    said = any(
        map(machine.env.get, ("DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST", "CONTAINER_CONNECTION"))
    )
    folder = machine.env.get("DOCKER_CONFIG") or f"{machine.home}/.docker"
    if not said and not os.path.exists(f"{folder}/contexts"):
        return ""
    from cove.engines.pointers import read_pointer

    return read_pointer(os.path.basename(name or "docker"), machine)


def find_programs(name: str | None, machine: Machine) -> list[str]:
    """Return the paths of the programs to ask, best first. Raises NoEngine when there are none."""
    if name is None:
        docker, podman = which("docker", machine), which("podman", machine)
        found = (
            [docker] if docker and points_to_docker(machine) else [path for path in (docker, podman) if path]
        )
        if not found:
            raise NoEngine(
                "no container engine is installed: there is neither docker nor podman on PATH",
                hint="Install podman or docker; with --yes cove installs podman from the distribution's packages.",
            )
        return found
    base = os.path.basename(name)
    if not base.startswith(ENGINES):
        raise UsageError(f"unknown engine `{name}`", hint="Use docker or podman.")
    path = which(name, machine)
    if path is None:
        raise NoEngine(
            f"{name} is not installed: it is not on PATH",
            hint=f"Install {base}, or leave the choice of engine to cove.",
        )
    return [path]


def points_to_docker(machine: Machine) -> bool:
    """Return whether the environment names a docker daemon, which is then the one to use."""
    return any(machine.env.get(variable) for variable in ("DOCKER_HOST", "DOCKER_CONTEXT"))


def is_client_alone(silent: Probe, machine: Machine) -> bool:
    """Return whether docker is silent since it has no daemon to talk to: none installed, and no other machine's named."""
    if silent.problem is None or f"unix://{DEFAULT_SOCKET}" not in silent.problem.message:
        return False
    if points_to_docker(machine) or machine.system != "Linux" or os.path.lexists(DEFAULT_SOCKET):
        return False
    folders = (machine.env.get("PATH", os.defpath), *DAEMON_FOLDERS)
    everywhere = machine._replace(env={**machine.env, "PATH": os.pathsep.join(folders)})
    return which("dockerd", everywhere) is None


def which(name: str, machine: Machine) -> str | None:
    """Return the absolute path of a program, or None."""
    folders = [""] if "/" in name else machine.env.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        path = os.path.join(folder, name) if folder else os.path.abspath(name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return os.path.abspath(path)
    return None


# -- asking ------------------------------------------------------------------------------------------------------------


def probe(programs: Sequence[str], runner: Runner, machine: Machine) -> list[Probe]:
    """Ask all programs at once what they are; the answers come in the order of the programs."""
    if len(programs) < 2:
        return [_probe(program, runner, machine) for program in programs]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(programs)) as pool:
        return list(pool.map(lambda program: _probe(program, runner, machine), programs))


def _probe(program: str, runner: Runner, machine: Machine) -> Probe:
    try:
        return Probe(program, known=_ask(program, runner, machine))
    except EngineError as error:
        return Probe(program, problem=error)


def _ask(program: str, runner: Runner, machine: Machine) -> Known:
    """Return what a program says it is, adapted to this host. Raises EngineError when it cannot be used."""
    from cove.engines.quirks import PROGRAMS, plan_adaptation, with_overlay
    from cove.host.kernel import read_kernel

    flags = overlay_flags(os.path.basename(program), machine)
    facts = read_facts_of(program, flags, runner) if flags else None
    if facts is None or facts.problem:
        flags, facts = (), read_facts_of(program, (), runner)
    if facts.problem:
        from cove.engines.failures import plan_away_error

        raise plan_away_error(os.path.basename(program), facts.problem)
    there = {
        what: path for what, paths in PROGRAMS.items() if (path := next(filter(os.path.exists, paths), None))
    }
    adaptation = plan_adaptation(program, facts, read_kernel(), there)
    if adaptation.needs:
        raise EngineError(
            f"{facts.name} cannot run containers on this host without {' and '.join(adaptation.needs)}",
            hint=f"Install the package {' '.join(adaptation.needs)}.",
        )
    if flags:
        adaptation = with_overlay(adaptation, flags)
    if facts.cdi_folders and facts.name == "podman":
        from cove.engines.podman_config import read_cdi_folders

        facts = facts._replace(cdi_folders=read_cdi_folders(machine, facts.cdi_folders))
    endpoint = _endpoint(program, facts, runner, machine)
    return Known(adaptation.dialect, plan_engine_info(facts, adaptation.quirks, endpoint))


def read_facts_of(program: str, flags: tuple[str, ...], runner: Runner) -> EngineFacts:
    """Return what `info` says; its field `problem` says why it says nothing."""
    from cove.engines.info import EngineFacts, parse_info, parse_json
    from cove.host.proc import Command, CommandMissing, CommandTimeout

    argv = (program, *flags, "info", "--format", "{{json .}}")
    nothing = EngineFacts(os.path.basename(program), "", rootless=False, arch="")
    try:
        outcome = runner.run(Command(argv, timeout=PROBE_SECONDS))
    except CommandTimeout:
        return nothing._replace(problem=f"no answer within {PROBE_SECONDS:g} s")
    except CommandMissing as error:
        return nothing._replace(problem=error.message)
    if not outcome.stdout.strip().startswith("{"):
        return nothing._replace(
            problem=(outcome.stderr or outcome.stdout).strip() or f"exit code {outcome.code}"
        )
    facts = parse_info(parse_json(outcome.stdout, f"{nothing.name} info"))
    if not facts.version and not facts.problem:
        return facts._replace(problem=outcome.stderr.strip() or "it does not tell its version")
    return facts


def overlay_flags(name: str, machine: Machine) -> tuple[str, ...]:
    """Return what makes a rootless podman take the overlay driver for a storage that nobody configured.

    Left to itself, podman up to 4 takes vfs where fuse-overlayfs cannot be used, although kernels since 5.13 need no
    such help: vfs copies the whole image for each container (0.6 s to start one became 5 to 17 s). The driver is
    settled for good by the first call on a new storage, so this must be it.
    """
    env = machine.env
    config = env.get("XDG_CONFIG_HOME") or f"{machine.home}/.config"
    data = env.get("XDG_DATA_HOME") or f"{machine.home}/.local/share"
    files = (
        f"{config}/containers/storage.conf",
        "/etc/containers/storage.conf",
        "/usr/share/containers/storage.conf",
        f"{data}/containers/storage/vfs-images",
    )
    said = any(
        env.get(variable) for variable in ("CONTAINERS_STORAGE_CONF", "STORAGE_DRIVER", "CONTAINER_HOST")
    )
    settled = said or any(map(os.path.exists, files))
    if name != "podman" or machine.is_root or machine.system != "Linux" or settled:
        return ()
    return ("--storage-driver", "overlay")


def plan_engine_info(facts: EngineFacts, quirks: tuple[str, ...], endpoint: str) -> EngineInfo:
    """Return what the rest of cove is told of an engine."""
    return EngineInfo(
        name=facts.name,
        version=facts.version,
        rootless=facts.rootless,
        remote=facts.service or is_remote(endpoint, facts.hostname, os.uname().nodename),
        buildkit=facts.buildkit,
        arch=facts.arch,
        quirks=quirks,
        cdi_folders=facts.cdi_folders,
        cdi_devices=facts.cdi_devices,
        runtimes=facts.runtimes,
        storage_folder=facts.storage_folder,
        memory=facts.memory,
    )


def is_remote(endpoint: str, theirs: str, ours: str) -> bool:
    """Return whether a docker endpoint (`unix:///…`, `tcp://HOST:PORT`, `ssh://…`) leads to another machine's files."""
    scheme, _, rest = endpoint.partition("://")
    if scheme in ("", "unix", "npipe", "fd"):
        return False
    return not (rest.startswith(LOOPBACK) and theirs == ours)


def _endpoint(program: str, facts: EngineFacts, runner: Runner, machine: Machine) -> str:
    """Return where docker's daemon is: DOCKER_HOST wins over the context, which is asked for only if there is one."""
    from cove.host.proc import Command

    if facts.name != "docker":
        return ""
    if host := machine.env.get("DOCKER_HOST"):
        return host
    folder = machine.env.get("DOCKER_CONFIG") or f"{machine.home}/.docker"
    if not machine.env.get("DOCKER_CONTEXT") and not os.path.exists(f"{folder}/config.json"):
        return ""
    words = (program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    outcome = runner.run(Command(words, timeout=PROBE_SECONDS))
    return outcome.stdout.strip() if outcome.ok else ""


def plan_silence(probes: Sequence[Probe]) -> EngineError:
    """Return the error that says what was tried, and why each failed."""
    problems = [item.problem for item in probes if item.problem is not None]
    if len(problems) == 1:
        return problems[0]
    return EngineError(
        "no container engine can be used: " + "; ".join(problem.message for problem in problems),
        hint="\n".join(problem.hint for problem in problems if problem.hint),
    )
