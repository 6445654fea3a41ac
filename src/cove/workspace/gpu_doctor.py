"""doctor --gpu: the GPUs alone: what there is, what a repository needs, and what frameworks see inside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.engines.gpu_failures import explain
from cove.errors import CoveError
from cove.spec.run import ExecRequest
from cove.workspace.check import Check

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from cove.engines.base import ContainerInfo, Engine
    from cove.workspace.records import Record
    from cove.workspace.session import Session

FIND_PYTHON = """\
for python in .venv/bin/python "$(command -v python)" "$(command -v python3)"; do
  [ -x "$python" ] && exec "$python" -c "$1"
done
exit 127
"""
"""The workspace's own environment first; else what the person's shell calls Python."""
OF = "GPU of "
LOST = "The container has lost its GPU, as is said above."
INSIDE_SECONDS = 400.0


def examine_gpus(session: Session, folder: str = "", *, config: str = "") -> list[Check]:
    """Return what was found of the GPUs; with a folder, also of the CUDA it needs and of its workspace alone."""
    from cove.workspace.check_repository import look_at_cuda
    from cove.workspace.doctor import look_at_gpus

    checks = list(look_at_gpus(session))
    if folder:
        checks += look_at_cuda(session, folder, config=config)
    lost = {check.name.removeprefix(OF) for check in checks if check.name.startswith(OF) and check.fix}
    return checks + _look_inside(session, folder, lost)


def _look_inside(session: Session, folder: str, lost: Container[str]) -> list[Check]:
    """See what frameworks in running workspaces see; with a folder, in its own alone.

    In those that have `lost` their GPU, nothing inside is to be mended.
    """
    place = os.path.realpath(os.path.join(session.machine.cwd, folder)) if folder else ""
    checks = [
        check
        for engine, container, record in sorted(_holders(session), key=lambda holder: holder[2].name)
        if place in {"", record.folder}
        for check in _ask(engine, container, record, lost=record.name in lost)
    ]
    if folder and not checks:
        text = "its workspace does not run with a GPU, so what torch, tensorflow and jax see is not known"
        checks.append(Check("inside", "unchecked", text, f"`cove up {folder}`, then look again."))
    return checks


def _holders(session: Session) -> Iterator[tuple[Engine, ContainerInfo, Record]]:
    """Yield the person's running workspaces that hold GPUs."""
    from cove.workspace.list import read_engines_in_use
    from cove.workspace.records import read_records

    records = {record.container: record for record in read_records(session.machine)}
    for engine in read_engines_in_use(session):
        for container in engine.containers({"cove.gpus": ""}, all_states=False):
            if container.gpus and (record := records.get(container.id)):
                yield engine, container, record


def _ask(engine: Engine, container: ContainerInfo, record: Record, *, lost: bool) -> list[Check]:
    from cove.gpu.hardware import read_inventory
    from cove.gpu.sight import SCRIPT, judge_sight, parse_sights

    name = f"inside {record.name}"
    asking = ExecRequest(
        container.id,
        ("/bin/sh", "-c", FIND_PYTHON, "-", SCRIPT),
        user=record.user,
        workdir=record.workspace_folder,
        env=record.env,
    )
    try:
        outcome = engine.exec(asking, timeout=INSIDE_SECONDS)
    except CoveError as error:
        return [Check(name, "unchecked", error.message, error.hint)]
    sights = parse_sights(outcome.stdout)
    if not sights:
        why = "no Python" if outcome.code == 127 else "neither torch nor tensorflow nor jax"
        return [Check(name, "unchecked", f"{why} inside to ask")]
    inventory = read_inventory()
    judged = [(sight, *judge_sight(sight, len(container.gpus), inventory)) for sight in sights]
    return [
        Check(name, "warning" if fix else "ok", text, (fix and lost and LOST) or _explain(sight.error) or fix)
        for sight, text, fix in judged
    ]


def _explain(error: str) -> str:
    """Return a framework's own words as cause and next step, empty when they are not known."""
    known = explain(error)
    return f"{known.cause[0].upper()}{known.cause[1:]}. {known.step}" if known else ""
