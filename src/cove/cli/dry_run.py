"""`cove up --dry-run`: the plan, and nothing done."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from cove.cli.context import print_result
from cove.spec.config import DockerfileSource, ImageSource

if TYPE_CHECKING:
    import argparse

    from cove.workspace.defaults import Defaults
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


def print_plan(args: argparse.Namespace, session: Session) -> int:
    """Print what `up` would read, ask, build and run. Asks the engine only for what is already there."""
    from cove.workspace.address import locate_folder, read_address
    from cove.workspace.defaults import describe
    from cove.workspace.inputs import read_inputs
    from cove.workspace.make import choose_name
    from cove.workspace.read import read_workspace
    from cove.workspace.trust import plan_requests
    from cove.workspace.up import find_container

    folder = locate_folder(session, args.path, clone=False)
    address = read_address(folder, config=args.config, cwd=session.machine.cwd)
    reading = read_workspace(session.machine, address)
    container = find_container(session, address)
    info = session.engine.info()
    document: dict[str, object] = {
        "name": choose_name(session, args.name, address),
        "folder": address.folder,
        "configFile": address.config_path,
        "engine": f"{info.name} {info.version}",
        "adaptations": list(info.quirks),
        "container": f"{container.state} {container.id[:12]}" if container else "",
        "inferred": list(reading.inferred.reasons) if reading.inferred else [],
        "source": _source(reading),
        "workspaceFolder": reading.workspace_folder,
        "owner": f"{reading.owner.uid}:{reading.owner.gid}",
        "gpus": _gpus(args, session, reading),
        **describe(_defaults(session, reading)),
        "hostRequests": plan_requests(reading),
        "certificates": bool(session.certificates),
        "proxies": sorted(session.proxies),
        "madeFrom": sorted(read_inputs(reading.written)),
    }
    rows = [
        (key, "; ".join(value) if isinstance(value, list) else str(value))
        for key, value in document.items()
        if value
    ]
    width = max(len(key) for key, _ in rows)
    print_result(args, document, "\n".join(f"{key.rjust(width)}  {text}" for key, text in rows))
    return 0


def _defaults(session: Session, reading: Reading) -> Defaults:
    """Return cove's defaults as far as they are known before the image is."""
    from cove.workspace.defaults import plan_defaults
    from cove.workspace.editor import is_isolated

    layers = (reading.configuration.layer,)
    return plan_defaults(
        reading,
        layers,
        session.engine.info(),
        isolated=is_isolated(session, reading),
        caches=session.settings.caches,
    )


def _gpus(args: argparse.Namespace, session: Session, reading: Reading) -> str:
    """Return the wish for GPUs as far as it is known before the image is, and what it would get now."""
    from cove.cli.gpu_options import parse_gpu_arguments
    from cove.spec.gpus import describe_request
    from cove.workspace.gpu_wish import GpuOptions, read_request
    from cove.workspace.gpus import preview

    request = read_request(reading, None, parse_gpu_arguments(args) or GpuOptions())
    if request is None:
        return ""
    how = ", ".join(
        word for word, said in (("optional", request.optional), ("shared", request.shared)) if said
    )
    wish = f"{describe_request(request)}{f', {how}' if how else ''} (by {request.origin})"
    return f"{wish}: {preview(session, request)}"


def _source(reading: Reading) -> str:
    if reading.project:
        files = " ".join(reading.project.files)
        return f"compose {files}, service {reading.project.service}: {_built(reading)}"
    return _built(reading)


def _built(reading: Reading) -> str:
    match reading.configuration.source:
        case ImageSource(image):
            return f"image {image}"
        case DockerfileSource() as source:
            arguments = "".join(
                f" --build-arg {shlex.quote(f'{key}={value}')}" for key, value in source.args.items()
            )
            target = f" --target {source.target}" if source.target else ""
            return f"build {source.dockerfile} in {source.context}{target}{arguments}"
        case _:
            raise AssertionError("a compose project's reading has what its service runs or builds")
