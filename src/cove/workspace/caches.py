"""cove's defaults for a new container, and the caches of a running one: folders for its user, variables for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.spec.caches import KINDS, LABEL, PREPARE, choose_cache_env
from cove.spec.run import ExecRequest
from cove.workspace.defaults import plan_defaults

if TYPE_CHECKING:
    from cove.engines.base import ContainerInfo
    from cove.workspace.defaults import Defaults
    from cove.workspace.environment import RemoteUser
    from cove.workspace.image import Image
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


def read_defaults(session: Session, reading: Reading, image: Image, *, isolated: bool) -> Defaults:
    """Return cove's defaults for a new container of this image."""
    return plan_defaults(
        reading, image.layers, session.engine.info(), isolated=isolated, caches=session.settings.caches
    )


def prepare_caches(session: Session, container: ContainerInfo, remote: RemoteUser) -> dict[str, str]:
    """Make the remote user's folders in the container's cache volumes; return the variables that name them.

    What the image, the configuration or the user's shell say themselves stays. Where root inside may not give folders
    away, nothing is set, and told: programs then keep their caches in the container.
    """
    kinds = [kind for kind in container.labels.get(LABEL, "").split(",") if kind in KINDS]
    env = choose_cache_env(kinds, remote.uid, {**remote.container_env, **remote.shell_env})
    if not env:
        return {}
    missing = [kind for kind in kinds if kind not in remote.caches]
    if not missing:
        return env
    words = ("/bin/sh", "-c", PREPARE, "cove", str(remote.uid), str(remote.gid), *missing)
    # By number: an image need not know its root by name.
    outcome = session.engine.exec(ExecRequest(container.id, words, user="0"), timeout=60)
    if outcome.ok:
        return env
    session.progress.warn(f"the caches cannot be used in this container: {outcome.last_lines(1)}")
    return {}
