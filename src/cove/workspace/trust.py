"""What a repository asks of this machine, shown before it gets it.

A container is a wall only as long as nothing opens it. What a configuration may say that reaches the host is listed
here; the person consents when it is first seen and whenever it changes (design, "Trust and isolation").
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from cove.errors import Refused
from cove.host.files import write_atomic
from cove.spec.config import DockerfileSource
from cove.spec.lifecycle import render_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cove.spec.run import Mount
    from cove.workspace.image import Image
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

DRIVER_OPTIONS = ("volume-opt", "volume-driver")
"""With these a volume can be any folder of the host."""


def plan_requests(reading: Reading) -> list[str]:
    """Return one sentence for each thing of the configuration that can touch the host; none for most repositories."""
    return list(dict.fromkeys(_requests(reading)))


def plan_image_requests(reading: Reading, image: Image) -> list[str]:
    """Return the same for what only the image's metadata label says: a repository's Dockerfile can write that as well."""
    merged = image.merged
    asked = _of_container(
        reading, merged.mounts, merged.cap_add, merged.security_opt, privileged=merged.privileged
    )
    environment = _environment([layer.written for layer in image.layers])
    known = plan_requests(reading)
    return [request for request in (*asked, *environment) if request not in known]


def _requests(reading: Reading) -> Iterator[str]:
    configuration, layer = reading.configuration, reading.configuration.layer
    if configuration.initialize_command:
        yield f"runs on this machine: {render_command(configuration.initialize_command)}"
    mounts = (*(layer.mounts or ()), *filter(None, [reading.workspace_mount]))
    yield from _of_container(
        reading, mounts, layer.cap_add, layer.security_opt, privileged=bool(layer.privileged)
    )
    yield from _words("runArgs", configuration.run_args)
    yield from _words("build.options", getattr(configuration.source, "options", ()))
    if isinstance(configuration.source, DockerfileSource) and not _inside(
        configuration.source.context, reading
    ):
        yield f"sends {configuration.source.context} to the build"
    yield from _environment(reading.written.document)
    if reading.project:
        yield from reading.project.requests.sentences
        for path in reading.project.requests.paths:
            if not _inside(path, reading):
                yield f"gives the compose project {path}"


def _of_container(
    reading: Reading,
    mounts: Iterable[Mount],
    cap_add: Sequence[str] | None,
    security_opt: Sequence[str] | None,
    *,
    privileged: bool,
) -> Iterator[str]:
    for mount in mounts:
        if mount.type == "bind" and not _inside(mount.source, reading):
            yield f"mounts {mount.source} at {mount.target}"
        if any(option.startswith(DRIVER_OPTIONS) for option in mount.options):
            yield f"mounts a volume at {mount.target}: {', '.join(mount.options)}"
    yield from _words("capAdd", cap_add)
    yield from _words("securityOpt", security_opt)
    if privileged:
        yield "runs privileged"


def _words(key: str, words: Sequence[str] | None) -> Iterator[str]:
    if words:
        yield f"{key}: {' '.join(words)}"


def _environment(document: object) -> Iterator[str]:
    if any(word in str(document) for word in ("${localEnv:", "${env:")):
        yield "reads environment variables of this machine"


def _inside(path: str, reading: Reading) -> bool:
    from cove.workspace.read import read_repository_root

    root = read_repository_root(reading.address.folder)
    return f"{os.path.realpath(path)}/".startswith(f"{root}/")


def need_trust(session: Session, reading: Reading) -> None:
    """Return if the person trusts what the configuration asks of this machine; ask when it is new. Raises Refused."""
    _need(session, reading, plan_requests(reading), reading.address.id)


def need_image_trust(session: Session, reading: Reading, image: Image) -> None:
    """Return if the person trusts what the image adds to that; ask when it is new. Raises Refused."""
    _need(session, reading, plan_image_requests(reading, image), f"{reading.address.id}-image")


def _need(session: Session, reading: Reading, requests: list[str], name: str) -> None:
    if not requests:
        return
    known = f"{session.machine.directories.data}/trusted/{name}"
    digest = hashlib.sha256("\n".join(requests).encode()).hexdigest()
    if _read(known) == digest:
        return
    listed = "\n".join(f"  - {request}" for request in requests)
    asking = reading.address.config_path or reading.address.dockerfile or reading.address.folder
    session.consent.need(
        session.consent.trust,
        f"{asking} asks for this of your machine:\n{listed}\nDo you trust this repository?",
        Refused(
            "this repository asks for things that reach your machine",
            hint="Read the list above; if you trust the repository, add --trust.",
            detail=listed,
        ),
    )
    write_atomic(known, digest)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
