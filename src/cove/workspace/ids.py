"""Which ids the remote user has in an image, for an engine that must know before it makes the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.spec.run import RunRequest
from cove.workspace.image import is_root, remote_user

if TYPE_CHECKING:
    from cove.workspace.image import Image
    from cove.workspace.session import Session

ASK_SECONDS = 120.0
"""The first container of an image on a rootless engine may have its layers' owners rewritten."""


def read_ids_inside(session: Session, image: Image) -> tuple[int, int] | None:
    """Return uid and gid of the remote user, where they are to stand for the host user's: on rootless podman.

    Its mapping of ids is settled with the container, and any id but the mapped one would leave files on the host that
    their owner cannot even remove. None on other engines, for root (who stands for the host's user anyway), and for a
    user that the image does not have: that is said once the container runs.
    """
    info = session.engine.info()
    user = remote_user(image)
    if not (info.rootless and info.name == "podman") or is_root(user):
        return None
    uid, _, gid = user.partition(":")
    if uid.isdigit() and gid.isdigit():
        return int(uid), _mappable(session, int(gid))
    asking = RunRequest(
        image.reference, user=user, entrypoint="/bin/sh", command=("-c", "id -u; id -g"), remove=True
    )
    told = session.runner.run(session.engine.run_command(asking)._replace(timeout=ASK_SECONDS))
    words = told.stdout.split()
    if not told.ok or len(words) != 2 or not all(word.isdigit() for word in words):
        return None
    return int(words[0]), _mappable(session, int(words[1]))


def _mappable(session: Session, gid: int) -> int:
    """Return a group that may stand for the host user's; root's may not, and a user without an account is in that."""
    return gid or session.machine.owner.gid
