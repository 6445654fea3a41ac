"""PURE: verdicts on what `cove doctor` looks at: facts go in, a verdict with its evidence and its remedy comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.engines.base import EngineInfo
    from cove.errors import CoveError
    from cove.gpu.health import Loss
    from cove.gpu.inventory import Inventory
    from cove.host.kernel import Kernel

Verdict = Literal["ok", "warning", "failed", "unchecked"]

LEAST_BYTES = 2 << 30
"""A base image and its packages do not fit into less."""
COMFORTABLE_BYTES = 15 << 30
SKEW_SECONDS = 300.0
"""Certificates and tokens of a few minutes fail beyond."""
OPEN_FILES = 4096
"""VS Code's file watcher and a few data loaders want more than the old 1024."""


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    evidence: str
    """What was seen."""
    fix: str = ""
    """What to do about it; empty where there is nothing to do."""
    exit_code: int = 0
    """Of `doctor` when this failed: what `up` would end with."""


def judge_engine(infos: Sequence[EngineInfo], problem: CoveError | None) -> Check:
    """Return whether there is an engine."""
    if not infos:
        what = problem.message if problem else "none answers"
        return Check("engine", "failed", what, problem.hint if problem else "", exit_code=4)
    told = "; ".join(
        " ".join(
            [
                f"{info.name} {info.version}",
                *(["rootless"] if info.rootless else []),
                *(["on another machine"] if info.remote else []),
                *(["with BuildKit"] if info.buildkit else []),
            ]
        )
        for info in infos
    )
    return Check("engine", "ok", told)


def judge_adaptations(infos: Sequence[EngineInfo]) -> Check:
    """Return what cove does differently on this host; nothing of it needs doing."""
    quirks = [f"{info.name}: {quirk}" for info in infos for quirk in info.quirks]
    return Check("adaptations", "ok", " ".join(quirks) or "none needed")


def judge_disk(name: str, path: str, free: int) -> Check:
    """Return whether there is room where images or caches are kept; `free` is in bytes."""
    evidence = f"{free / 2**30:.1f} GiB free in {path}"
    remedy = "Free some: `cove cache prune`, or the engine's own `system prune`."
    if free < LEAST_BYTES:
        return Check(name, "failed", evidence, remedy, exit_code=4)
    return (
        Check(name, "ok", evidence) if free >= COMFORTABLE_BYTES else Check(name, "warning", evidence, remedy)
    )


def judge_kernel(kernel: Kernel) -> Check:
    """Return what the kernel lets containers do."""
    evidence = (
        f"cgroups {kernel.cgroups}, {'systemd' if kernel.systemd else 'no systemd'}, "
        f"{kernel.open_files} open files, {kernel.processes} processes"
    )
    if kernel.open_files < OPEN_FILES:
        return Check(
            "limits", "warning", evidence, f"Raise the hard limit of open files to {OPEN_FILES} or more."
        )
    return Check("limits", "ok", evidence)


def judge_user_namespaces(*, needed: bool, most: int, ranges: bool) -> Check:
    """Return whether rootless containers can have ids; `most` is the kernel's limit, `ranges` an entry in /etc/subuid."""
    if not needed:
        return Check("user namespaces", "ok", "not needed: no engine here runs rootless")
    if most == 0:
        return Check(
            "user namespaces",
            "failed",
            "the kernel allows none",
            "sudo sysctl user.max_user_namespaces=15000",
            4,
        )
    if not ranges:
        return Check(
            "user namespaces",
            "warning",
            "no range of ids in /etc/subuid for this user",
            "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER && podman system migrate",
        )
    return Check("user namespaces", "ok", "allowed, with a range of ids")


def judge_site(name: str, url: str, status: int, problem: CoveError | None, *, needed_for: str) -> Check:
    """Return whether a site that cove may ask answers; any answer of HTTP will do, a login is another matter."""
    if problem is None:
        return Check(name, "ok", f"{url} answers ({status})")
    return Check(name, "warning", f"{problem.message}; needed for {needed_for}", problem.hint)


def judge_clock(skew: float | None) -> Check:
    """Return whether this machine's clock is right; `skew` is the seconds it is ahead of a web server's."""
    if skew is None:
        return Check("clock", "unchecked", "no site answered that could tell the time")
    evidence = f"{abs(skew):.0f} s {'ahead' if skew >= 0 else 'behind'}"
    if abs(skew) > SKEW_SECONDS:
        return Check("clock", "failed", evidence, "Set the clock: certificates and logins depend on it.", 8)
    return Check("clock", "ok", evidence)


def judge_authorities(*, own: int, proxies: Sequence[str]) -> Check:
    """Return what of the host's network reaches builds and containers: authorities of its own, proxies by name."""
    authorities = (
        f"{own} certificate authorities of this host" if own else "no certificate authority of its own"
    )
    via = f"proxies from {', '.join(sorted(proxies))}" if proxies else "no proxy"
    return Check("authorities and proxies", "ok", f"{authorities}; {via}; builds and containers get them")


def judge_bundle(ide: str, sources: Mapping[str, str]) -> Check:
    """Return whether the editor is here; `sources` are the settings by which it would be fetched."""
    if ide:
        return Check("editor", "ok", f"{ide} is here")
    named = ", ".join(f"{key} {value}" for key, value in sources.items() if value)
    return Check(
        "editor",
        "ok",
        f"not here yet: the first `cove up` fetches it from {named or 'its release page or the npm registry'}",
    )


def judge_gateway(*, running: str, port: int, free: bool) -> Check:
    """Return whether the web door is open or can be."""
    if running:
        return Check("gateway", "ok", f"runs at {running}")
    if free:
        return Check("gateway", "ok", f"not running; port {port} is free for it")
    return Check(
        "gateway",
        "warning",
        f"not running, and port {port} is taken",
        "It takes the next free one, or set `gateway_port`.",
    )


def judge_gpus(inventory: Inventory, ways: Mapping[str, str]) -> list[Check]:
    """Return a verdict on GPUs, and one on each engine's way to give them; `ways` is a sentence by engine.

    A sentence that begins with `cannot` is a problem.
    """
    checks = [Check("GPU", "warning", problem.text, problem.hint) for problem in inventory.problems]
    if not inventory.gpus:
        return checks or [Check("GPU", "ok", "none here; workspaces run on the CPU")]
    names = ", ".join(dict.fromkeys(gpu.name for gpu in inventory.gpus))
    driver = f", driver {inventory.driver} for CUDA up to {inventory.cuda}" if inventory.driver else ""
    rocm = f", ROCm {inventory.hardware.rocm}" if inventory.hardware.rocm else ""
    checks.insert(0, Check("GPU", "ok", f"{len(inventory.gpus)} ({names}){driver}{rocm}"))
    for engine, way in ways.items():
        text, _, fix = way.partition(" → ")
        bad = way.startswith("cannot")
        checks.append(Check(f"GPU in {engine}", "warning" if bad else "ok", text, fix))
    return checks


def judge_holder(name: str, count: int, loss: Loss | None) -> Check:
    """Return whether a running workspace still has the GPUs it holds."""
    if loss:
        return Check(f"GPU of {name}", "warning", f"lost: {loss.text}", loss.hint)
    return Check(f"GPU of {name}", "ok", "it has its GPU" if count == 1 else f"it has its {count} GPUs")


def choose_exit_code(checks: Sequence[Check]) -> int:
    """Return 0 when `up` will work as far as was seen, else the exit code it would end with."""
    return next((check.exit_code for check in checks if check.verdict == "failed"), 0)
