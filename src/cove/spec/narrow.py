"""From JSON values to typed ones, once, with the place in the file at hand for whoever finds a fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.spec.jsonc import describe, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cove.spec.jsonc import JsonValue

UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
SIZE = r"(?i)(\d+)\s*(?:([kmgt])i?b?|b)?"


class Spot(NamedTuple):
    """A value's place in a file: the file's text and path, and the keys that lead to the value."""

    text: str = ""
    path: str = ""
    keys: tuple[str | int, ...] = ()

    def __truediv__(self, key: str | int) -> Spot:
        """Return the place of a member: `spot / "build" / "args"`."""
        return self._replace(keys=(*self.keys, key))

    @property
    def name(self) -> str:
        """The value's name as a person would write it: `build.args`, `mounts[0]`."""
        words = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys)
        return "".join(words).removeprefix(".")

    def error(self, message: str, *, hint: str = "") -> ConfigurationError:
        """Return the error to raise about this value, with its line and column where the text is known."""
        line, column = locate(self.text, self.keys) if self.text else (0, 0)
        return ConfigurationError(message, path=self.path, line=line, column=column, hint=hint)

    def unfit(self, expected: str, value: JsonValue) -> ConfigurationError:
        """Return the error for a value of the wrong kind."""
        return self.error(f"`{self.name}` must be {expected}, but it is {describe(value)}")


def parse_bool(value: JsonValue, spot: Spot) -> bool:
    """Return true or false."""
    if isinstance(value, bool):
        return value
    raise spot.unfit("true or false", value)


def parse_text(value: JsonValue, spot: Spot) -> str:
    """Return a string."""
    if isinstance(value, str):
        return value
    raise spot.unfit("a string", value)


def parse_texts(value: JsonValue, spot: Spot) -> tuple[str, ...]:
    """Return an array of strings."""
    if isinstance(value, list):
        return tuple(parse_text(item, spot / index) for index, item in enumerate(value))
    raise spot.unfit("an array of strings", value)


def parse_text_or_texts(value: JsonValue, spot: Spot) -> tuple[str, ...]:
    """Return a string, or an array of them, as a tuple."""
    return (value,) if isinstance(value, str) else parse_texts(value, spot)


def parse_object(value: JsonValue, spot: Spot) -> dict[str, JsonValue]:
    """Return an object."""
    if isinstance(value, dict):
        return value
    raise spot.unfit("an object", value)


def parse_objects(value: JsonValue, spot: Spot) -> dict[str, JsonValue]:
    """Return an object whose values are objects."""
    members = parse_object(value, spot)
    for key, member in members.items():
        parse_object(member, spot / key)
    return members


def parse_port(value: JsonValue, spot: Spot) -> int | str:
    """Return a port: a number, or a string such as `db:5432` or `8000:8010`."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535:
        return value
    raise spot.error(f"`{spot.name}` must be a port (0 to 65535) or a string such as `db:5432`")


def parse_ports(value: JsonValue, spot: Spot) -> tuple[int | str, ...]:
    """Return an array of ports."""
    if isinstance(value, list):
        return tuple(parse_port(item, spot / index) for index, item in enumerate(value))
    raise spot.unfit("an array of ports", value)


def parse_port_or_ports(value: JsonValue, spot: Spot) -> tuple[int | str, ...]:
    """Return a port, or an array of them, as a tuple."""
    return parse_ports(value, spot) if isinstance(value, list) else (parse_port(value, spot),)


def parse_env(value: JsonValue, spot: Spot) -> Mapping[str, str | None]:
    """Return variables; null takes one away.

    The schema asks for strings, but every other reader takes `{"PORT": 3000}`: spelled as JSON does.
    """
    return {name: parse_variable(item, spot / name) for name, item in parse_object(value, spot).items()}


def parse_variable(value: JsonValue, spot: Spot) -> str | None:
    """Return one variable's value."""
    if not spot.keys[-1] or "=" in str(spot.keys[-1]):
        raise spot.error(f"`{spot.name}`: a variable's name is not empty and has no `=`")
    match value:
        case str() | None:
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value}"
        case _:
            raise spot.unfit("a string", value)


def parse_size(value: JsonValue, spot: Spot) -> int:
    """Return a size in bytes: a number of bytes, or `512mb`, `4gb`, `1tb` (powers of 1024)."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and (found := re.fullmatch(SIZE, value.strip())):
        return int(found[1]) * UNITS[(found[2] or "").lower()]
    raise spot.error(f"`{spot.name}` must be a size such as `512mb` or `4gb`")


def parse_requirements(value: JsonValue, spot: Spot) -> dict[str, JsonValue]:
    """Return `hostRequirements` as written, its members checked."""
    members = parse_object(value, spot)
    for name in ("memory", "storage"):
        if members.get(name) is not None:
            parse_size(members[name], spot / name)
    cpus = members.get("cpus")
    if cpus is not None and (isinstance(cpus, bool) or not isinstance(cpus, int | float)):
        raise (spot / "cpus").unfit("a number", cpus)
    gpu = members.get("gpu")
    if isinstance(gpu, dict):
        if gpu.get("memory") is not None:
            parse_size(gpu["memory"], spot / "gpu" / "memory")
    elif gpu not in (None, True, False, "optional"):
        raise (spot / "gpu").error('`hostRequirements.gpu` must be true, false, "optional" or an object')
    return members


def choice_of(*words: str) -> Callable[[JsonValue, Spot], str]:
    """Return a parser that takes one of these words and nothing else."""

    def parse_choice(value: JsonValue, spot: Spot) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise spot.error(f"`{spot.name}` must be one of {', '.join(words)}")

    return parse_choice
