"""Which GPUs a workspace wishes for, however that was said: one request out of four places.

`--gpus` on the command line, `customizations.cove.gpus`, `--gpus` and `--device` among `runArgs`, and
`hostRequirements.gpu` (specification, "GPU host requirement"). What was said more closely wins; what contradicts is an
error that names both places.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import UsageError
from cove.spec.narrow import Spot, parse_bool, parse_size, parse_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.jsonc import JsonValue

ALL = -1
"""The count that means: every GPU there is."""
ID = re.compile(r"(?:GPU|MIG)-[0-9A-Za-z./-]+|\d+(?::\d+)?")
CDI_KINDS = ("nvidia.com/gpu=", "amd.com/gpu=", "intel.com/gpu=")
MAKERS = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel"}
MEMBERS = ("count", "memory", "name", "shared")


class GpuRequest(NamedTuple):
    """GPUs that are wished for."""

    number: int = 1
    """How many; ALL, or 0: none wanted."""
    ids: tuple[str, ...] = ()
    """UUIDs or indices, when particular ones are meant; `number` is then how many they are."""
    memory: int = 0
    """Bytes that each must have at least."""
    cores: int = 0
    """CUDA cores that each must have at least."""
    name: str = ""
    """A part of its name, such as `A100`; upper and lower case are one."""
    maker: str = ""
    """The only maker whose GPUs will do, such as `nvidia`; empty: not said."""
    shared: bool = False
    """Others may have them too."""
    optional: bool = False
    """Without a GPU it runs on the CPU."""
    origin: str = ""
    """Where this was said, for messages: `--gpus 2`, `.devcontainer/devcontainer.json:12:14`."""

    @property
    def wants_some(self) -> bool:
        """Whether any GPU is wished for."""
        return self.number != 0


NONE = GpuRequest(number=0)


def parse_gpu_words(text: str, *, origin: str) -> GpuRequest | None:
    """Return the request of `--gpus TEXT`: `2`, `all`, `none`, `GPU-UUID,…`, `device=0,1`; None if it is none of these.

    docker's own words are understood as well: `"device=0,1"` in quotation marks, `count=2`, `capabilities=…`.
    """
    plain = text.strip().strip("\"'")
    if plain.lower() == "all":
        return GpuRequest(ALL, origin=origin)
    if plain.lower() == "none":
        return NONE._replace(origin=origin)
    if plain.isdecimal():
        return GpuRequest(int(plain), origin=origin)
    fields = re.split(r",(?=\w+=)", plain)
    for field in fields:
        key, equals, value = field.partition("=")
        if equals and key == "count" and (value == "all" or value.isdecimal()):
            return GpuRequest(ALL if value == "all" else int(value), origin=origin)
        if equals and key in {"device", "index"}:
            return _by_ids(value, origin)
    return _by_ids(plain, origin)


def _by_ids(text: str, origin: str) -> GpuRequest | None:
    ids = tuple(part.strip("\"' ") for part in text.split(","))
    if not all(ID.fullmatch(found) for found in ids):
        return None
    return GpuRequest(len(ids), ids=ids, origin=origin)


def parse_gpu_option(text: str) -> GpuRequest:
    """Return the request of cove's own option. Raises UsageError."""
    request = parse_gpu_words(text, origin=f"--gpus {text}")
    if request is None:
        raise UsageError(
            f"`--gpus {text}` names no GPUs",
            hint="Use a number, `all`, `none`, a UUID as `cove gpus` shows it, or `device=0,1` for indices.",
        )
    return request


def parse_cove_gpus(value: JsonValue, spot: Spot) -> GpuRequest:
    """Return the request of `customizations.cove.gpus`: a number, `"all"`, `"none"`, UUIDs, or an object.

    The object's members: `count` (a number or `"all"`), `memory` (a size, each), `name` (a part of it), `shared`.
    Raises ConfigurationError.
    """
    origin = place_of(spot)
    if isinstance(value, dict):
        return _parse_members(value, spot)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return GpuRequest(value, origin=origin)
    if isinstance(value, str) and (request := parse_gpu_words(value, origin=origin)):
        return request
    raise spot.unfit('a number, "all", "none", UUIDs or an object', value)


def _parse_members(members: dict[str, JsonValue], spot: Spot) -> GpuRequest:
    for name in members:
        if name not in MEMBERS:
            raise (spot / name).error(
                f"`{(spot / name).name}` is not known", hint=f"There are: {', '.join(MEMBERS)}."
            )
    request = parse_cove_gpus(members.get("count", 1), spot / "count")
    return request._replace(
        memory=parse_size(members.get("memory", 0), spot / "memory"),
        name=parse_text(members.get("name", ""), spot / "name"),
        shared=parse_bool(members.get("shared", False), spot / "shared"),
        origin=place_of(spot),
    )


def parse_requirement(requirements: Mapping[str, JsonValue], origin: str) -> GpuRequest | None:
    """Return the request of a merged `hostRequirements`: its `gpu` is true, "optional", an object, or not there."""
    gpu = requirements.get("gpu")
    if gpu is None or gpu is False:
        return None
    if isinstance(gpu, dict):
        memory, cores = gpu.get("memory", 0), gpu.get("cores", 0)
        return GpuRequest(
            memory=parse_size(
                int(memory) if isinstance(memory, str) and memory.isdecimal() else memory, Spot()
            ),
            cores=cores if isinstance(cores, int) else 0,
            origin=origin,
        )
    return GpuRequest(optional=gpu == "optional", origin=origin)


def split_run_args(words: Sequence[str], spot: Spot) -> tuple[GpuRequest | None, tuple[str, ...]]:
    """Return the GPUs that `runArgs` ask for, and the words that are left: which way in is right, the engine decides.

    Raises ConfigurationError when two of the words contradict each other.
    """
    found: list[GpuRequest] = []
    rest: list[str] = []
    position = 0
    while position < len(words):
        word, following = words[position], words[position + 1 : position + 2]
        option, equals, value = word.partition("=")
        value, taken = (value, 1) if equals else ("".join(following), 2)
        request = _of_word(option, value, spot / position)
        if request is None:
            rest.append(word)
            position += 1
        else:
            found.append(request)
            position += taken
    if not found:
        return None, tuple(rest)
    if (
        any(request.ids for request in found)
        and len(found) > 1
        and not any(request.number == ALL for request in found)
    ):
        ids = tuple(dict.fromkeys(name for request in found for name in request.ids))
        return found[0]._replace(ids=ids, number=len(ids)), tuple(rest)
    for request in found[1:]:
        if request._replace(origin="") != found[0]._replace(origin=""):
            raise spot.error(
                f"`runArgs` ask for GPUs twice: at {found[0].origin} and, otherwise, at {request.origin}"
            )
    return found[0], tuple(rest)


def _of_word(option: str, value: str, spot: Spot) -> GpuRequest | None:
    if option == "--gpus":
        return parse_gpu_words(value, origin=place_of(spot))
    kind = next((kind for kind in CDI_KINDS if option == "--device" and value.startswith(kind)), None)
    return parse_gpu_words(_as_ids(value.removeprefix(kind)), origin=place_of(spot)) if kind else None


def _as_ids(device: str) -> str:
    """Return a CDI device's name in the words of `--gpus`, where a bare number would be a count."""
    return device if device == "all" else f"device={device}"


def choose_request(
    *,
    option: GpuRequest | None = None,
    cove: GpuRequest | None = None,
    run_args: GpuRequest | None = None,
    requirement: GpuRequest | None = None,
    needed_by_image: str = "",
) -> GpuRequest | None:
    """Return the one request, or None when nothing was said.

    The command line wins. Else `customizations.cove.gpus`, else `runArgs`, else `hostRequirements.gpu`; of the last,
    least memory and cores always count, and "optional" makes what the files say optional. An image that is made for a
    GPU (`needed_by_image` says why) and files that say nothing: one GPU, if there is one.
    Raises UsageError when two places contradict each other.
    """
    if cove and run_args and _amount(cove) != _amount(run_args):
        raise _contradiction(cove, run_args)
    if cove and not cove.wants_some and requirement and not requirement.optional:
        raise _contradiction(cove, requirement)
    said = option or cove or run_args
    if said is None:
        image = GpuRequest(optional=True, origin=needed_by_image) if needed_by_image else None
        return requirement or image
    if requirement is None or not said.wants_some:
        return said
    return said._replace(
        memory=max(said.memory, requirement.memory),
        cores=max(said.cores, requirement.cores),
        optional=requirement.optional and option is None,
    )


def _amount(request: GpuRequest) -> tuple[int, tuple[str, ...]]:
    return request.number, request.ids


def _contradiction(one: GpuRequest, other: GpuRequest) -> UsageError:
    return UsageError(
        f"the GPUs of {one.origin} ({describe_request(one)}) and of {other.origin} ({describe_request(other)}) contradict"
        " each other",
        hint="Remove one of them, or decide with --gpus.",
    )


def describe_request(request: GpuRequest) -> str:
    """Return the request in a person's words: `2 GPUs with 40 GB named A100`, `no GPU`."""
    if not request.wants_some:
        return "no GPU"
    if request.ids:
        text = f"GPU {', '.join(request.ids)}"
    elif request.number == ALL:
        text = "all GPUs"
    else:
        text = "a GPU" if request.number == 1 else f"{request.number} GPUs"
    text += f" by {MAKERS[request.maker]}" if request.maker else ""
    text += f" with {request.memory / 2**30:.4g} GiB" if request.memory else ""
    text += f" and {request.cores} cores" if request.cores else ""
    return text + (f" named {request.name}" if request.name else "")


def place_of(spot: Spot) -> str:
    """Return a value's place as `path:line:column`, or its name where the text is not known."""
    located = spot.error("").message.removesuffix(": ") if spot.path else ""
    return located or f"`{spot.name}`"
