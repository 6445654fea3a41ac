"""A container that has lost its GPUs, or whose GPUs another has by now: told at each `up`, made anew when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.workspace.gpu_health import find_loss
from cove.workspace.gpu_leases import SHARED, find_taken
from cove.workspace.gpu_wish import GpuOptions

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.gpu.health import Loss
    from cove.workspace.session import Session
    from cove.workspace.terms import UpRequest


def plan_repair(session: Session, request: UpRequest, container: ContainerInfo) -> UpRequest | None:
    """Return the request by which a container is made anew with the GPUs it had; None when it may stay as it is.

    A loss is asked about on a terminal; elsewhere it is a warning unless `request.repair`.
    """
    loss = find_loss(session.engine, container)
    if loss is None:
        return _plan_other(session, request, container)
    if not loss.repairable or not (request.repair or _wants_repair(session, loss)):
        session.progress.warn(f"the workspace has lost its GPU: {loss.text}. {loss.hint}")
        return None
    session.progress.note(f"the workspace has lost its GPU: {loss.text}; making its container anew")
    return request._replace(gpus=request.gpus or (_as_before(container) if loss.same else None))


def _plan_other(session: Session, request: UpRequest, container: ContainerInfo) -> UpRequest | None:
    """Return the request for a stopped one whose GPUs another holds; the files say which others it may have."""
    if not request.repair:
        return None
    if container.running or not container.gpus:
        session.progress.note("nothing to repair: the workspace has what it was given")
        return None
    taken = find_taken(session, container)
    if taken is None:
        return None
    session.progress.note(f"its GPU {taken.verb} {taken.describe()}; making the container anew with another")
    return request


def _as_before(container: ContainerInfo) -> GpuOptions:
    return GpuOptions(f"device={','.join(container.gpus)}", share=SHARED in container.labels)


def _wants_repair(session: Session, loss: Loss) -> bool:
    if session.consent.ask is None:
        return False
    return session.consent.ask(
        f"The workspace has lost its GPU: {loss.text}.\nMake its container anew, with the same volumes and GPUs? What was"
        " changed inside the container is lost."
    )
