"""Which running containers have lost their GPUs: each is asked to open its device files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.errors import CoveError
from cove.spec.run import ExecRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cove.engines.base import ContainerInfo, Engine
    from cove.gpu.health import Loss
    from cove.gpu.inventory import Inventory

PROBE_SECONDS = 15.0
"""A driver without a persistence daemon wakes its GPU first."""
AT_ONCE = 8


def find_losses(engine: Engine, containers: Sequence[ContainerInfo]) -> dict[str, Loss]:
    """Return what containers have lost of their GPUs, by id; those that hold none are not asked.

    A stopped one is judged by its machine alone. What cannot be found out is no loss.
    """
    holders = [container for container in containers if container.gpus]
    if not holders or engine.info().remote:
        return {}
    from concurrent.futures import ThreadPoolExecutor

    from cove.gpu.hardware import read_inventory
    from cove.gpu.leases import lease_folder, read_notes

    inventory = read_inventory()
    modules = {note.container: note.module for note in read_notes(lease_folder())}
    with ThreadPoolExecutor(min(len(holders), AT_ONCE)) as pool:
        losses = pool.map(
            lambda holder: _find_loss(engine, holder, inventory, modules.get(holder.id, "")), holders
        )
    return {holder.id: loss for holder, loss in zip(holders, losses, strict=True) if loss}


def find_loss(engine: Engine, container: ContainerInfo) -> Loss | None:
    """Return what one container has lost of its GPUs."""
    return find_losses(engine, [container]).get(container.id)


def _find_loss(engine: Engine, container: ContainerInfo, inventory: Inventory, module: str) -> Loss | None:
    from cove.gpu.health import judge_health

    opened = _probe(engine, container.id) if container.running else None
    return judge_health(container.gpus, inventory, opened, module=module if container.running else "")


def _probe(engine: Engine, container: str) -> dict[str, str] | None:
    from cove.gpu.health import PROBE, parse_probe

    asking = ExecRequest(container, ("/bin/sh", "-c", PROBE), user="root", env={"LC_ALL": "C"})
    try:
        outcome = engine.exec(asking, timeout=PROBE_SECONDS)
    except CoveError:
        return None
    return parse_probe(outcome.stdout) if outcome.ok else None
