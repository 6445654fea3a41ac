"""Whether what a repository needs of CUDA runs on this machine: told before anything is pulled."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from cove.errors import CoveError, GpuError
from cove.spec.config import DockerfileSource, ImageSource
from cove.workspace.gpu_wish import GpuOptions, read_request
from cove.workspace.image import read_dockerfile

if TYPE_CHECKING:
    from cove.gpu.cuda_needs import CudaNeed
    from cove.workspace.image import Image
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

DEFINITIONS = re.compile(
    r"requirements[\w.-]*\.(txt|in)|environment\.ya?ml|pyproject\.toml|(uv|poetry|pdm)\.lock"
)
"""Files of the workspace's folder that pin frameworks."""
COMMANDS = ("onCreateCommand", "updateContentCommand", "postCreateCommand")
"""Lifecycle commands by which frameworks are installed."""
LARGEST_BYTES = 1 << 20
REGISTRY_SECONDS = 4.0
SWITCH = "NVIDIA_DISABLE_REQUIRE"
"""By which an image or a configuration tells NVIDIA's own toolkit not to check (container toolkit, "Constraints")."""


def check_before_pull(session: Session, reading: Reading, options: GpuOptions | None) -> None:
    """Say whether what is wished for a GPU can run on it.

    Raises GpuError when it cannot for certain and the GPU is no option; else what will not work is a warning.
    """
    request = read_request(reading, None, options or GpuOptions())
    if request is None or not request.wants_some or _is_switched_off(reading):
        return
    from cove.gpu.hardware import read_inventory

    if read_inventory().usable:
        _tell(session, read_needs(session, reading, ask=True), optional=request.optional)


def check_image(session: Session, reading: Reading, image: Image, options: GpuOptions | None) -> None:
    """Say the same of an image that is here, by what its environment tells. Raises GpuError as above."""
    request = read_request(reading, image, options or GpuOptions())
    if request is None or not request.wants_some or _is_switched_off(reading) or SWITCH in image.info.env:
        return
    from cove.gpu.cuda_needs import ENVIRONMENT, find_image_need

    need = find_image_need(image.origin, image.info.env) if ENVIRONMENT.keys() & image.info.env else None
    _tell(session, [need] if need else [], optional=request.optional)


def _is_switched_off(reading: Reading) -> bool:
    return bool((reading.configuration.layer.container_env or {}).get(SWITCH))


def _tell(session: Session, needs: list[CudaNeed], *, optional: bool) -> None:
    if not needs:
        return
    from cove.gpu.cuda import judge
    from cove.gpu.hardware import read_inventory

    inventory = read_inventory()
    if not inventory.usable:
        return
    for need in needs:
        verdict = judge(need, inventory.driver, inventory.usable)
        if verdict.kind == "unfit" and need.certain and not optional:
            raise GpuError(
                verdict.text, hint=f"{verdict.hint} `{SWITCH}=1` in containerEnv goes on regardless."
            )
        if verdict.kind == "compat" and need.packaged:
            session.progress.note(f"{verdict.text}. {verdict.hint}")
        elif verdict.kind in {"unfit", "compat"}:
            session.progress.warn(f"{verdict.text}. {verdict.hint}")


def read_needs(session: Session, reading: Reading, *, ask: bool = False) -> list[CudaNeed]:
    """Return what the base image, the files of the workspace's folder and what is installed say of CUDA.

    An image that is here already tells by its environment, any other by its name; where that says nothing, its registry
    is asked for its environment, if `ask`.
    """
    from cove.gpu.cuda_needs import find_command_needs, find_text_needs, settle_needs

    files, commands = _read_texts(reading)
    needs = _image_needs(session, reading, ask=ask)
    needs += [need for name, text in files.items() for need in find_text_needs(text, name)]
    needs += [need for name, text in commands.items() for need in find_command_needs(text, name)]
    return settle_needs(needs, (*files.values(), *commands.values()))


def _image_needs(session: Session, reading: Reading, *, ask: bool) -> list[CudaNeed]:
    from cove.gpu.cuda_needs import find_image_need

    reference = _base(reading)
    if not reference:
        return []
    here = session.engine.inspect_image(reference)
    env = here.env if here else {}
    if here is None and ask and find_image_need(reference, {}) is None:
        env = _ask_registry(session, reference)
    need = find_image_need(reference, env)
    return [need] if need and SWITCH not in env else []


def _read_texts(reading: Reading) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files that pin frameworks, and the commands that install some, by name."""
    from cove.gpu.cuda_needs import find_requirement_files

    folder, configuration = reading.address.folder, reading.configuration
    commands = {
        name: json.dumps(configuration.document[name]) for name in COMMANDS if name in configuration.document
    }
    if isinstance(configuration.source, DockerfileSource):
        path = configuration.source.dockerfile
        commands[os.path.basename(path)] = read_dockerfile(configuration.source, reading)
    named = [name for text in commands.values() for name in find_requirement_files(text)]
    found = [name for name in sorted(os.listdir(folder)) if DEFINITIONS.fullmatch(name)]
    names = dict.fromkeys((*found, *(os.path.normpath(name) for name in named)))
    # What is copied elsewhere in the image has another name there, and is passed over.
    inside = (name for name in names if not name.startswith(("/", "..", "$")))
    return {name: text for name in inside if (text := _text(f"{folder}/{name}"))}, commands


def _ask_registry(session: Session, reference: str) -> dict[str, str]:
    """Return the environment of an image in a registry; nothing when it does not tell at once: the pull will say why."""
    from cove.host.http import HttpClient
    from cove.oci.credentials import read_login
    from cove.oci.image_env import fetch_image_env
    from cove.oci.registry import Registry

    if reference.startswith("localhost/"):
        return {}  # an engine's own
    machine, settings = session.machine, session.settings
    client = HttpClient(
        machine.env,
        ca_files=tuple(settings.certificates),
        connect_seconds=REGISTRY_SECONDS,
        read_seconds=REGISTRY_SECONDS,
        attempts=1,
    )
    registry = Registry(
        client, lambda name: read_login(name, machine, session.runner), settings.registry_mirrors
    )
    try:
        return fetch_image_env(registry, reference, session.engine.info().arch or machine.arch)
    except CoveError:
        return {}


def _base(reading: Reading) -> str:
    match reading.configuration.source:
        case ImageSource(image):
            return image
        case DockerfileSource() as source:
            from cove.spec.dockerfile import final_base, parse_dockerfile

            dockerfile = parse_dockerfile(read_dockerfile(source, reading), path=source.dockerfile)
            return final_base(dockerfile, source.args, source.target)
        case _:
            return ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST_BYTES)
    except OSError:
        return ""
