"""recover: back to a desk when what the files say does not work, with the log of it open in the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.errors import ConfigurationError, CoveError
from cove.host.files import write_atomic
from cove.ide.base import DATA_AT
from cove.ide.profile import workspace_data
from cove.spec.config import DockerfileSource, ImageSource
from cove.spec.dockerfile import base_images, parse_dockerfile
from cove.spec.merge import merge_layers, parse_metadata_label
from cove.spec.variables import substitute
from cove.workspace.editor import fetch_bundle, furnish, is_isolated
from cove.workspace.good import read_failed_log, read_good
from cove.workspace.image import Image, with_user
from cove.workspace.make import choose_name, on_record, resume, settle, start_new
from cove.workspace.read import read_plainly, read_workspace
from cove.workspace.records import read_records
from cove.workspace.terms import Opened
from cove.workspace.unfinished import keep_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cove.engines.base import ContainerInfo
    from cove.spec.layer import Layer
    from cove.workspace.address import Address
    from cove.workspace.read import Reading
    from cove.workspace.session import Session
    from cove.workspace.terms import UpRequest

LOG_NAME = "build.log"


def recover(
    session: Session, request: UpRequest, address: Address, container: ContainerInfo | None
) -> Opened:
    """Open the container that is there, without its lifecycle commands; else the last good image; else a minimal one.

    The repository is mounted, and the editor shows the log of the work that failed. The next `up` that works takes
    the place of what this made. Raises ConfigurationError when no image is at hand.
    """
    log = read_failed_log(session.machine, address.id)
    opened = _open(session, request, address, container)
    write_atomic(f"{workspace_data(session.machine, address.id)}/{LOG_NAME}", log, mode=0o644)
    return opened._replace(shows=f"{DATA_AT}/{LOG_NAME}")


def _open(session: Session, request: UpRequest, address: Address, container: ContainerInfo | None) -> Opened:
    if container is not None:
        try:
            return resume(session, request, address, container)._replace(recovered="the container as it is")
        except CoveError as error:
            session.progress.warn(f"the container that is there cannot be opened: {error.message}")
            if read_good(session.machine, address.id):
                raise  # it worked once, so there may be something of the person's in it
    return _make(session, request, address, replaces=container)


def _make(
    session: Session, request: UpRequest, address: Address, *, replaces: ContainerInfo | None
) -> Opened:
    name = choose_name(session, request.name, address)
    with on_record(session, request, address, name):
        image = choose_image(session, address, name)
        reading = _reading_for(session, address, image)
        bundle, isolated = fetch_bundle(session), is_isolated(session, reading, request.isolated, replaces)
        editor = furnish(session, reading, image.merged, bundle, isolated=isolated)
        container, remote, _ = start_new(
            session, request._replace(gpus=None), reading, image, editor, name, replaces
        )
        record = settle(session, reading, container, image.merged, editor, name, remote)
    if replaces is not None:
        keep_only(session, address.id, container.id)
    return Opened(record, created=True, recovered=image.origin, bundle=bundle.source)


def choose_image(session: Session, address: Address, name: str) -> Image:
    """Return the last good image of a workspace, else a minimal one that is on the engine already.

    Raises ConfigurationError when there is none.
    """
    good = read_good(session.machine, address.id)
    if good and good.engine == session.engine.name and (info := session.engine.inspect_image(good.image)):
        layers = tuple(map(_without_hooks, parse_metadata_label(good.metadata)))
        merged = merge_layers(substitute(layers, read_plainly(session.machine, address).scope))
        return Image(good.image, info, layers, merged, "the last good image", {}, recovery=True)
    for reference in _at_hand(session, address):
        if info := session.engine.inspect_image(reference):
            origin = f"a minimal image, {reference}"
            bare = Image(reference, info, (), merge_layers(()), origin, {}, recovery=True)
            return _with_user(session, address, bare, name)
    raise ConfigurationError(
        "there is no image at hand to recover with",
        hint="Pull one, for instance the base image of the Dockerfile, and try again.",
    )


def _at_hand(session: Session, address: Address) -> Iterator[str]:
    """Name what may be on the engine: what the workspace's image starts from, then other workspaces' good images."""
    from cove.engines.substitute import plan_substitute

    for base in _bases(session, address):
        yield base
        if plan := plan_substitute(base):
            yield plan.reference
    for record in read_records(session.machine):
        if (good := read_good(session.machine, record.id)) and good.engine == session.engine.name:
            yield good.image


def _bases(session: Session, address: Address) -> tuple[str, ...]:
    """Return the images that the workspace's own starts from, the last stage's first; none if nothing can be read."""
    try:
        source = read_workspace(session.machine, address).configuration.source
        if isinstance(source, ImageSource):
            return (source.image,)
        if isinstance(source, DockerfileSource):
            with open(source.dockerfile, encoding="utf-8", errors="replace") as file:
                dockerfile = parse_dockerfile(file.read(), path=source.dockerfile)
            return tuple(reversed(base_images(dockerfile, source.args, "")))
    except (CoveError, OSError):
        pass
    return ()


def _with_user(session: Session, address: Address, image: Image, name: str) -> Image:
    """Return the image with a user who owns the folder's files, if that can be had now."""
    reading = _reading_for(session, address, image)
    try:
        return with_user(session, reading._replace(address=address._replace(config_path="")), image, name)
    except CoveError as error:
        session.progress.warn(f"the user in the container is the image's own: {error.message}")
        return image


def _reading_for(session: Session, address: Address, image: Image) -> Reading:
    plain = read_plainly(session.machine, address)
    source = ImageSource(image.reference)
    return plain._replace(
        written=plain.written._replace(source=source),
        configuration=plain.configuration._replace(source=source),
    )


def _without_hooks(layer: Layer) -> Layer:
    """Return the layer without lifecycle commands: one of them may be what failed."""
    return layer._replace(
        on_create_command=None,
        update_content_command=None,
        post_create_command=None,
        post_start_command=None,
        post_attach_command=None,
    )
