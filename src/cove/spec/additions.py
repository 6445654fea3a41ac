"""`customizations.cove`: what cove adds to the standard, one declaration a key.

Parsing, the published JSON schema (`schema.py` of this room) and the reference all walk `KEYS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cove.spec.caches import KINDS
from cove.spec.gpus import parse_cove_gpus
from cove.spec.narrow import parse_bool, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cove.errors import ConfigurationError
    from cove.spec.jsonc import JsonValue
    from cove.spec.narrow import Spot

CACHE_KINDS = tuple(KINDS)
SIZE_SCHEMA: dict[str, JsonValue] = {
    "type": ["string", "integer"],
    "pattern": r"^\s*\d+\s*([kKmMgGtT]?[iI]?[bB]?)\s*$",
    "minimum": 0,
}


class Additions(NamedTuple):
    """What a configuration says under `customizations.cove`; a default means that cove chooses."""

    isolated: bool = False
    shm_size: int | None = None
    """Bytes; 0: what the engine itself would give. None: cove chooses."""
    limits: bool = True
    init: bool = True
    caches: tuple[str, ...] = CACHE_KINDS
    left_out: tuple[str, ...] = ()
    """Names and patterns of what stays here when the workspace is on another machine."""
    unknown: tuple[str, ...] = ()
    """A sentence, with its place, for each key that cove does not know."""


class Key(NamedTuple):
    """One key of `customizations.cove`."""

    name: str
    """Its spelling in JSON."""
    field: str
    """Of Additions; empty for what another module reads."""
    parse: Callable[[JsonValue, Spot], Any]
    schema: Mapping[str, JsonValue]
    doc: str


def parse_shm_size(value: JsonValue, spot: Spot) -> int:
    """Return a size in bytes; false is the engine's own default, 0."""
    return 0 if value is False else parse_size(value, spot)


def parse_caches(value: JsonValue, spot: Spot) -> tuple[str, ...]:
    """Return the kinds of caches that are wanted: true all, false none, or a list of them."""
    if isinstance(value, bool):
        return CACHE_KINDS if value else ()
    if not isinstance(value, list):
        raise spot.unfit("true, false or an array of strings", value)
    for index, kind in enumerate(value):
        if kind not in CACHE_KINDS:
            raise (spot / index).error(f"`{(spot / index).name}` must be one of {', '.join(CACHE_KINDS)}")
    return tuple(kind for kind in CACHE_KINDS if kind in value)


def parse_patterns(value: JsonValue, spot: Spot) -> tuple[str, ...]:
    """Return an array of strings."""
    if not isinstance(value, list):
        raise spot.unfit("an array of strings", value)
    for index, pattern in enumerate(value):
        if not isinstance(pattern, str) or not pattern:
            raise (spot / index).unfit("a string", pattern)
    return tuple(pattern for pattern in value if isinstance(pattern, str))


KEYS = (
    Key(
        "caches",
        "caches",
        parse_caches,
        {
            "oneOf": [
                {"type": "boolean"},
                {"type": "array", "items": {"enum": [*CACHE_KINDS]}, "uniqueItems": True},
            ],
            "default": True,
        },
        "Which cache volumes the workspace gets: true, false, or some of the kinds.",
    ),
    Key(
        "gpus",
        "",
        parse_cove_gpus,
        {
            "oneOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "count": {"oneOf": [{"type": "integer", "minimum": 0}, {"const": "all"}]},
                        "memory": SIZE_SCHEMA,
                        "name": {"type": "string"},
                        "shared": {"type": "boolean"},
                    },
                },
            ]
        },
        'The GPUs it wants: a number, "all", "none", UUIDs, or an object.',
    ),
    Key(
        "init",
        "init",
        parse_bool,
        {"type": "boolean", "default": True},
        "Whether a small init collects ended processes, where the standard's own `init` does not say.",
    ),
    Key(
        "isolated",
        "isolated",
        parse_bool,
        {"type": "boolean", "default": False},
        "Whether it keeps settings, extensions and caches to itself.",
    ),
    Key(
        "limits",
        "limits",
        parse_bool,
        {"type": "boolean", "default": True},
        "Whether locked memory and stack get the limits that training wants.",
    ),
    Key(
        "shmSize",
        "shm_size",
        parse_shm_size,
        {"oneOf": [SIZE_SCHEMA, {"const": False}]},
        "The size of /dev/shm, such as `8gb`; false: the engine's 64 MB. Default: half of the memory, at most 16 GiB.",
    ),
    Key(
        "syncIgnore",
        "left_out",
        parse_patterns,
        {"type": "array", "items": {"type": "string", "minLength": 1}},
        "Names and patterns of files and folders that are not kept in step with another machine, beside what git ignores.",
    ),
)


def parse_additions(members: Mapping[str, JsonValue], spot: Spot) -> Additions:
    """Return what the members of `customizations.cove` say; null says nothing.

    Raises ConfigurationError, with line and column, for a value of the wrong kind. A key that cove does not know may be
    of a later release: it is only told.
    """
    values: dict[str, Any] = {}
    for key in KEYS:
        if members.get(key.name) is not None:
            value = key.parse(members[key.name], spot / key.name)
            values |= {key.field: value} if key.field else {}
    known = {key.name for key in KEYS}
    unknown = tuple(_unknown(name, spot / name).message for name in members if name not in known)
    return Additions(**values, unknown=unknown)


def _unknown(name: str, spot: Spot) -> ConfigurationError:
    from difflib import get_close_matches

    close = get_close_matches(name, [key.name for key in KEYS], n=1)
    meant = f": did you mean `{close[0]}`?" if close else ""
    return spot.error(f"cove does not know `{spot.name}`{meant}")
