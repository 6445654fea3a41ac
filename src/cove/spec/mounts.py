"""Mounts as the configuration writes them: the engine's `--mount` text, or an object with the same words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from cove.spec.narrow import Spot
from cove.spec.run import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cove.spec.jsonc import JsonValue

NOWHERE = Spot()

SYNONYMS = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "ro": "readonly",
    "readOnly": "readonly",
    "read_only": "readonly",
}
TRUE = ("", "true", "1")
FALSE = ("false", "0")
FIELD = r'"((?:[^"]|"")*)"|((?:\$\{[^}]*\}|[^,])*)'
"""One word between commas. The engines read CSV: quotes around a word protect its commas. A variable that has not
been replaced yet may have commas in its default."""


def parse_mount(text: str, spot: Spot = NOWHERE) -> Mount:
    """Return the mount of a text such as `type=bind,source=/data,target=/data,readonly`.

    The type is `volume` where none is said, as with docker. Words cove does not know are kept as options.
    Raises ConfigurationError for a missing target, a bind without source, and types other than bind, volume
    and tmpfs.
    """
    pairs = (field.partition("=") for field in split_fields(text))
    return build_mount(((key.strip(), value) for key, _, value in pairs), spot)


def parse_mount_value(value: JsonValue, spot: Spot) -> Mount:
    """Return the mount of one member of `mounts`: a text or an object."""
    if isinstance(value, str):
        return parse_mount(value, spot)
    if not isinstance(value, dict):
        raise spot.unfit("a string or an object", value)
    # `external` tells the reference's compose rendering that a volume is not the project's own.
    pairs = {key: item for key, item in value.items() if key != "external" and item is not None}
    return build_mount(((key, _word(item, spot / key)) for key, item in pairs.items()), spot)


def parse_mounts(value: JsonValue, spot: Spot) -> tuple[Mount, ...]:
    """Return the mounts of an array."""
    if not isinstance(value, list):
        raise spot.unfit("an array of strings or objects", value)
    return tuple(parse_mount_value(item, spot / index) for index, item in enumerate(value))


def render_mount(mount: Mount) -> str:
    """Return the mount as text that `parse_mount` reads back."""
    words = [f"type={mount.type}"]
    words += [f"source={mount.source}"] if mount.source else []
    words += [f"target={mount.target}"]
    words += ["readonly"] if mount.read_only else []
    return ",".join(quote_field(word) for word in (*words, *mount.options))


def render_mounts(mounts: tuple[Mount, ...]) -> JsonValue:
    """Return the mounts as an array of texts."""
    return [render_mount(mount) for mount in mounts]


def split_fields(text: str) -> list[str]:
    """Return the words of one line of CSV."""
    words = []
    position = 0
    while position <= len(text):
        found = re.compile(FIELD).match(text, position)
        assert found is not None
        words.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        rest = text.find(",", found.end())
        position = rest + 1 if rest >= 0 else len(text) + 1
    return [word for word in words if word.strip()]


def quote_field(word: str) -> str:
    """Return a word with quotes around it if its commas or quotes need them."""
    bare = re.sub(r"\$\{[^}]*\}", "", word)
    if not any(sign in bare for sign in (",", "${")) and not word.startswith('"'):
        return word
    return '"' + word.replace('"', '""') + '"'


def build_mount(pairs: Iterable[tuple[str, str]], spot: Spot) -> Mount:
    """Return the mount that these words describe."""
    known = {"type": "volume", "source": "", "target": "", "readonly": "false"}
    options = []
    for written, value in pairs:
        key = SYNONYMS.get(written, written)
        if key in known:
            known[key] = value
        else:
            options.append(f"{written}={value}" if value else written)
    return Mount(
        type=_type(known, spot),
        source=known["source"],
        target=_target(known, spot),
        read_only=_truth(known["readonly"], spot),
        options=tuple(options),
    )


def _type(known: dict[str, str], spot: Spot) -> Literal["bind", "volume", "tmpfs"]:
    match known["type"]:
        case "volume" | "tmpfs" as kind:
            return kind
        case "bind":
            if not known["source"]:
                raise spot.error(f"{_subject(spot)} is of type bind and names no source")
            return "bind"
        case other:
            raise spot.error(
                f"{_subject(spot)} has the type `{other}`; known are bind, volume and tmpfs",
                hint="Other types of the engine can be given in `runArgs`, as `--mount …`.",
            )


def _target(known: dict[str, str], spot: Spot) -> str:
    target = known["target"]
    if not target:
        raise spot.error(f"{_subject(spot)} names no target", hint="Add `target=/path/in/the/container`.")
    if not target.startswith(("/", "${")):
        raise spot.error(f"{_subject(spot)} has the target `{target}`, which is not an absolute path")
    return target


def _truth(value: str, spot: Spot) -> bool:
    if value.lower() in (*TRUE, *FALSE):
        return value.lower() in TRUE
    raise spot.error(f"{_subject(spot)}: readonly is true or false, not `{value}`")


def _word(value: JsonValue, spot: Spot) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value}"
        case _:
            raise spot.unfit("a string", value)


def _subject(spot: Spot) -> str:
    return f"the mount `{spot.name}`" if spot.keys else "the mount"
