"""What a configuration demands of the host, `hostRequirements`, compared with what this machine has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.spec.narrow import Spot, parse_size
from cove.workspace.check import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.jsonc import JsonValue
    from cove.workspace.session import Session


def warn_of_requirements(session: Session, wanted: Mapping[str, JsonValue]) -> None:
    """Warn of each demand that this machine does not meet; of an engine elsewhere nothing is known."""
    if not set(wanted) & {"cpus", "memory", "storage"} or session.engine.info().remote:
        return
    folder = session.engine.info().storage_folder or session.machine.directories.cache
    for check in judge_requirements(wanted, read_host(folder)):
        if check.verdict != "ok":
            session.progress.warn(f"{check.name}: the repository {check.evidence}. {check.fix}")


def read_host(folder: str) -> dict[str, float]:
    """Return what `hostRequirements` are compared with: processors, memory and free room in bytes."""
    place = os.statvfs(folder if os.path.isdir(folder) else "/")
    return {
        "cpus": os.cpu_count() or 1,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "storage": place.f_bavail * place.f_frsize,
    }


def judge_requirements(wanted: Mapping[str, JsonValue], host: Mapping[str, float]) -> list[Check]:
    """Return a verdict on each demand of `hostRequirements` but the GPU; tools should warn (specification)."""
    checks = []
    for name in ("cpus", "memory", "storage"):
        value = wanted.get(name)
        if value is None:
            continue
        need = (
            float(value)
            if isinstance(value, int | float) and name == "cpus"
            else float(parse_size(value, Spot()))
        )
        unit, divisor = ("processors", 1) if name == "cpus" else ("GiB", 2**30)
        evidence = f"wants {need / divisor:g} {unit}, and this machine has {host[name] / divisor:.4g}"
        short = need > host[name]
        fix = "It may run all the same, slowly or not to its end." if short else ""
        checks.append(Check(f"hostRequirements.{name}", "warning" if short else "ok", evidence, fix))
    return checks
