"""build: a workspace's image and nothing else, for others to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import UsageError
from cove.spec.identity import render_name
from cove.workspace.address import locate_folder, read_address
from cove.workspace.bases import BuildOptions
from cove.workspace.image import prepare_image
from cove.workspace.read import read_workspace
from cove.workspace.trust import need_trust

if TYPE_CHECKING:
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


class Built(NamedTuple):
    """An image that was built."""

    names: tuple[str, ...]
    id: str
    size: int
    """Bytes."""
    pushed: bool


def build(session: Session, folder: str, *, config: str = "", options: BuildOptions | None = None) -> Built:
    """Build the image of a workspace with its `devcontainer.metadata` label, and push it where asked.

    Nothing of this machine stays in it: no certificate authority, no proxy, no user id. Raises every CoveError.
    """
    options = options or BuildOptions()
    if options.push and session.settings.offline:
        raise UsageError("--push needs a network, and cove is offline", hint="Build without --push.")
    address = read_address(locate_folder(session, folder), config=config, cwd=session.machine.cwd)
    reading = read_workspace(session.machine, address)
    need_trust(session, reading)
    tags = options.tags or (f"localhost/{render_name(address.folder.rpartition('/')[2])}:latest",)
    return build_reading(session, reading, options._replace(tags=tags))


def build_reading(session: Session, reading: Reading, options: BuildOptions) -> Built:
    """Build the image of a configuration under the names of the options, and nothing of this machine in it."""
    name = render_name(reading.address.folder.rpartition("/")[2])
    image = prepare_image(session, reading, name=name, options=options._replace(publishing=True))
    return Built(options.tags, image.info.id, image.info.size, options.push)
