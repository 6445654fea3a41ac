"""What a container's plan needs of this machine and engine, whatever the container is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.workspace.ids import read_ids_inside
from cove.workspace.plan import Facts

if TYPE_CHECKING:
    from cove.workspace.image import Image
    from cove.workspace.session import Session


def read_facts(session: Session, image: Image, name: str) -> Facts:
    """Return the facts of a container without an editor, caches or GPUs."""
    info = session.engine.info()
    return Facts(
        name=name,
        owner_uid=session.machine.owner.uid,
        digests={},
        rootless_podman=info.rootless and info.name == "podman",
        ids_inside=read_ids_inside(session, image),
        certificates=session.certificates,
        proxies=session.proxies,
    )
