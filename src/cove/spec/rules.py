"""How several sources' values for one key become one: the specification's "Merge Logic", a function a row.

Each takes what the sources said, in order, devcontainer.json last; nothing said gives the default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cove.spec.narrow import Spot, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cove.spec.jsonc import JsonValue
    from cove.spec.run import Mount

T = TypeVar("T")


def any_true(values: Sequence[bool]) -> bool:
    """Return whether at least one says true."""
    return any(values)


def union(values: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    """Return all members once, where they first appear."""
    return tuple(dict.fromkeys(member for value in values for member in value))


def collected(values: Sequence[T]) -> tuple[T, ...]:
    """Return all values that say something, in order."""
    return tuple(value for value in values if value)


def last(default: T) -> Callable[[Sequence[T]], T]:
    """Return the rule "last value wins"."""

    def last_of(values: Sequence[T]) -> T:
        return values[-1] if values else default

    return last_of


def last_said(default: str | None) -> Callable[[Sequence[str]], str | None]:
    """Return the rule "last value wins" for texts, where an empty one says nothing."""

    def last_said_of(values: Sequence[str]) -> str | None:
        return next((value for value in reversed(values) if value), default)

    return last_said_of


def per_name(values: Sequence[Mapping[str, T]]) -> dict[str, T]:
    """Return all members; of those with one name, the last."""
    return {name: member for value in values for name, member in value.items()}


def merged_env(values: Sequence[Mapping[str, str | None]]) -> dict[str, str]:
    """Return the variables a container starts with; one set to null is left out."""
    return {name: value for name, value in per_name(values).items() if value is not None}


def merged_mounts(values: Sequence[tuple[Mount, ...]]) -> tuple[Mount, ...]:
    """Return all mounts; of those with one target, the last, at its own place in the order."""
    mounts = [mount for value in values for mount in value]
    winner = {mount.target: number for number, mount in enumerate(mounts)}
    return tuple(mount for number, mount in enumerate(mounts) if winner[mount.target] == number)


def merged_ports(values: Sequence[tuple[int | str, ...]]) -> tuple[int | str, ...]:
    """Return all ports once; `localhost:3000` is 3000."""
    return tuple(dict.fromkeys(_port(port) for value in values for port in value))


def merged_requirements(values: Sequence[Mapping[str, JsonValue]]) -> dict[str, JsonValue]:
    """Return the largest demand of each kind: `cpus`, `memory` and `storage` (bytes, as text), `gpu`."""
    merged: dict[str, JsonValue] = {}
    cpus = [value for value in _members(values, "cpus") if isinstance(value, int | float)]
    if cpus:
        merged["cpus"] = max(cpus)
    for name in ("memory", "storage"):
        sizes = [parse_size(value, Spot()) for value in _members(values, name)]
        if sizes:
            merged[name] = f"{max(sizes)}"
    gpu = merged_gpu(list(_members(values, "gpu")))
    if gpu is not None:
        merged["gpu"] = gpu
    return merged


def merged_gpu(values: Sequence[JsonValue]) -> JsonValue:
    """Return the strongest demand for a GPU: an object with amounts, true, "optional", or None.

    A demand beside an optional one is a demand (specification, "GPU host requirement").
    """
    demands = [value for value in values if value not in (None, False)]
    if not demands or all(value == "optional" for value in demands):
        return "optional" if demands else None
    amounts = [value for value in demands if isinstance(value, dict)]
    merged: dict[str, JsonValue] = {}
    cores = [value for value in _members(amounts, "cores") if isinstance(value, int)]
    if cores:
        merged["cores"] = max(cores)
    memory = [parse_size(value, Spot()) for value in _members(amounts, "memory")]
    if memory:
        merged["memory"] = f"{max(memory)}"
    return merged or True


def _members(values: Iterable[Mapping[str, JsonValue]], name: str) -> list[JsonValue]:
    return [value[name] for value in values if value.get(name) is not None]


def _port(port: int | str) -> int | str:
    number = port.removeprefix("localhost:") if isinstance(port, str) else ""
    return int(number) if number.isdecimal() and number != port else port
