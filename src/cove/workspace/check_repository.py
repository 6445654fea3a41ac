"""Whether one repository will come up on this machine: its files, its images, what it wants of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cove.errors import CoveError
from cove.spec.config import DockerfileSource, ImageSource
from cove.workspace.check import Check
from cove.workspace.requirements import judge_requirements, read_host

if TYPE_CHECKING:
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


def look_at_repository(session: Session, folder: str, *, config: str = "") -> list[Check]:
    """Return what was found of a repository; one whose files cannot be read is one failed check."""
    from cove.workspace.address import read_address
    from cove.workspace.read import read_workspace

    try:
        reading = read_workspace(
            session.machine, read_address(folder, config=config, cwd=session.machine.cwd)
        )
    except CoveError as error:
        return [Check("configuration", "failed", error.message, error.hint, exit_code=error.exit_code)]
    try:
        bases = read_bases(reading)
    except CoveError as error:
        return [Check("Dockerfile", "failed", error.message, error.hint, exit_code=error.exit_code)]
    what = reading.address.config_path or reading.address.dockerfile or reading.address.folder
    return [
        Check("configuration", "ok", what),
        *(_base_image(session, base) for base in bases),
        _trust(reading),
        *judge_requirements(
            reading.configuration.layer.host_requirements or {}, read_host(session.machine.directories.cache)
        ),
        *_cuda(session, reading),
    ]


def look_at_cuda(session: Session, folder: str, *, config: str = "") -> list[Check]:
    """Return verdicts on the CUDA that a repository needs alone. Raises ConfigurationError."""
    from cove.workspace.address import read_address
    from cove.workspace.read import read_workspace

    reading = read_workspace(session.machine, read_address(folder, config=config, cwd=session.machine.cwd))
    return _cuda(session, reading) or [Check("CUDA", "ok", "neither image nor files say that they need any")]


def _base_image(session: Session, base: str) -> Check:
    here = session.engine.inspect_image(base) is not None
    return Check("base image", "ok", f"{base} is here" if here else f"{base} will be pulled")


def read_bases(reading: Reading) -> tuple[str, ...]:
    """Return the images a configuration starts from. Raises ConfigurationError when the Dockerfile is missing or wrong."""
    from cove.spec.dockerfile import base_images, parse_dockerfile
    from cove.workspace.image import read_dockerfile

    match reading.configuration.source:
        case ImageSource(image):
            return (image,)
        case DockerfileSource() as source:
            text = read_dockerfile(source, reading)
            return base_images(parse_dockerfile(text, path=source.dockerfile), source.args, source.target)
        case _:
            return ()


def _trust(reading: Reading) -> Check:
    from cove.workspace.trust import plan_requests

    asked = plan_requests(reading)
    if not asked:
        return Check("trust", "ok", "it asks nothing of this machine")
    return Check(
        "trust", "ok", f"it asks of this machine: {'; '.join(asked)}", "`cove up` asks before it gets it."
    )


def _cuda(session: Session, reading: Reading) -> list[Check]:
    from cove.gpu.cuda import judge
    from cove.gpu.hardware import read_inventory
    from cove.workspace.cuda import read_needs

    inventory = read_inventory()
    needs = read_needs(session, reading, ask=bool(inventory.usable))
    if not inventory.usable:
        return [
            Check("CUDA", "ok", f"{need.source} is for {need.text}; there is no GPU here") for need in needs
        ]
    found = [judge(need, inventory.driver, inventory.usable) for need in needs]
    return [
        Check("CUDA", "ok" if verdict.kind in {"fits", "unknown"} else "warning", verdict.text, verdict.hint)
        for verdict in found
    ]
