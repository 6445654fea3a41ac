"""Several layers to one settled whole, and the label in which an image carries its layers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from cove.spec.jsonc import parse_jsonc
from cove.spec.layer import KEYS, parse_layer, render_layer
from cove.spec.lifecycle import HOOKS
from cove.spec.narrow import Spot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.jsonc import JsonValue
    from cove.spec.layer import Layer
    from cove.spec.lifecycle import LifecycleCommand
    from cove.spec.run import Mount

LABEL = "devcontainer.metadata"

COLLECTED = {"entrypoint": "entrypoints"}
"""Fields whose merged form is a list and bears another name."""


class Merged(NamedTuple):
    """Everything settled: all layers merged by the specification's rules, defaults applied."""

    init: bool
    privileged: bool
    cap_add: tuple[str, ...]
    security_opt: tuple[str, ...]
    entrypoints: tuple[str, ...]
    mounts: tuple[Mount, ...]
    hooks: Mapping[str, tuple[LifecycleCommand, ...]]
    """For each name of `HOOKS`, the commands of all layers in order."""
    wait_for: str
    customizations: tuple[dict[str, JsonValue], ...]
    """Those of all layers in order; how they merge is for the tool they address to say."""
    container_user: str | None
    remote_user: str | None
    user_env_probe: str
    container_env: Mapping[str, str]
    remote_env: Mapping[str, str | None]
    """A variable set to null is to be unset."""
    override_command: bool | None
    """None: true for an image or Dockerfile, false for compose."""
    update_remote_user_uid: bool
    forward_ports: tuple[int | str, ...]
    ports_attributes: Mapping[str, JsonValue]
    other_ports_attributes: Mapping[str, JsonValue] | None
    host_requirements: Mapping[str, JsonValue]
    """`cpus` a number, `memory` and `storage` bytes as text, `gpu` true, "optional" or an object."""
    shutdown_action: str | None


def merge_layers(layers: Sequence[Layer]) -> Merged:
    """Merge layers, the image's first, devcontainer.json last (specification, "Merge Logic")."""
    merged: dict[str, Any] = {}
    hooks: dict[str, tuple[LifecycleCommand, ...]] = {}
    for field, key in KEYS.items():
        value = key.merge([said for layer in layers if (said := getattr(layer, field)) is not None])
        if key.name in HOOKS:
            hooks[key.name] = value
        elif key.name != "id":
            merged[COLLECTED.get(field, field)] = value
    return Merged(**merged, hooks=hooks)


def parse_metadata_label(text: str) -> tuple[Layer, ...]:
    """Return the layers of an image's `devcontainer.metadata` label: an array of objects, or one object.

    An empty text has none. Raises ConfigurationError when the label is not JSON or a value is of the wrong
    kind; its `path` is the label's name, line and column are of the label's text.
    """
    if not text.strip():
        return ()
    value = parse_jsonc(text, f"label {LABEL}")
    entries = value if isinstance(value, list) else [value]
    return tuple(_parse_entry(entry, text, index) for index, entry in enumerate(entries))


def _parse_entry(entry: JsonValue, text: str, index: int) -> Layer:
    if not isinstance(entry, dict):
        raise Spot(text, f"label {LABEL}").error(f"entry {index} must be an object")
    # Members cove does not know are another tool's: a label made from this one repeats them.
    return parse_layer(entry, path=f"label {LABEL}")._replace(written=entry)


def render_metadata_label(layers: Sequence[Layer]) -> str:
    """Return the label's text, an array with one object a layer; layers that say nothing are left out.

    The reference stores what was written, variables unreplaced: give it layers before `substitute`.
    """
    entries = [entry for layer in layers if (entry := render_layer(layer))]
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
