"""What one source says of a container: one entry of an image's label, a Feature, or devcontainer.json.

One declaration for each key: its name in JSON, how it is read, merged and written. Reading, merging and the
image label all walk `KEYS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cove.spec import narrow, rules
from cove.spec.lifecycle import HOOKS, parse_command, render_command
from cove.spec.mounts import parse_mounts, render_mounts
from cove.spec.narrow import Spot, choice_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cove.spec.jsonc import JsonValue
    from cove.spec.lifecycle import LifecycleCommand
    from cove.spec.run import Mount


class Layer(NamedTuple):
    """What one source says; None means it does not say."""

    id: str | None = None
    """The Feature this comes from, as its user wrote it."""
    init: bool | None = None
    privileged: bool | None = None
    cap_add: tuple[str, ...] | None = None
    security_opt: tuple[str, ...] | None = None
    entrypoint: str | None = None
    mounts: tuple[Mount, ...] | None = None
    on_create_command: LifecycleCommand | None = None
    update_content_command: LifecycleCommand | None = None
    post_create_command: LifecycleCommand | None = None
    post_start_command: LifecycleCommand | None = None
    post_attach_command: LifecycleCommand | None = None
    wait_for: str | None = None
    customizations: dict[str, JsonValue] | None = None
    container_user: str | None = None
    remote_user: str | None = None
    user_env_probe: str | None = None
    container_env: Mapping[str, str | None] | None = None
    remote_env: Mapping[str, str | None] | None = None
    override_command: bool | None = None
    ports_attributes: Mapping[str, JsonValue] | None = None
    other_ports_attributes: Mapping[str, JsonValue] | None = None
    forward_ports: tuple[int | str, ...] | None = None
    shutdown_action: str | None = None
    update_remote_user_uid: bool | None = None
    host_requirements: dict[str, JsonValue] | None = None
    written: Mapping[str, JsonValue] = {}
    """The members of the document this was read from, so that a label repeats them in their own spelling."""


def _as_is(value: Any) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value


class Key(NamedTuple):
    """One key of a layer."""

    name: str
    """Its spelling in JSON."""
    parse: Callable[[JsonValue, Spot], Any]
    merge: Callable[[list[Any]], Any]
    render: Callable[[Any], JsonValue] = _as_is
    in_configuration: bool = True
    """False for what only Features and labels can say; devcontainer.json says it in vain."""


PROBES = ("none", "loginShell", "interactiveShell", "loginInteractiveShell")
SHUTDOWN_ACTIONS = ("none", "stopContainer", "stopCompose")

_hook = Key("", parse_command, rules.collected, render_command)

# In the order in which the reference implementation writes them to the label.
KEYS: dict[str, Key] = {
    "id": Key("id", narrow.parse_text, rules.last_said(None), in_configuration=False),
    "on_create_command": _hook._replace(name="onCreateCommand"),
    "update_content_command": _hook._replace(name="updateContentCommand"),
    "post_create_command": _hook._replace(name="postCreateCommand"),
    "post_start_command": _hook._replace(name="postStartCommand"),
    "post_attach_command": _hook._replace(name="postAttachCommand"),
    "wait_for": Key("waitFor", choice_of("initializeCommand", *HOOKS), rules.last("updateContentCommand")),
    "customizations": Key("customizations", narrow.parse_object, rules.collected),
    "mounts": Key("mounts", parse_mounts, rules.merged_mounts, render_mounts),
    "container_env": Key("containerEnv", narrow.parse_env, rules.merged_env),
    "container_user": Key("containerUser", narrow.parse_text, rules.last_said(None)),
    "init": Key("init", narrow.parse_bool, rules.any_true),
    "privileged": Key("privileged", narrow.parse_bool, rules.any_true),
    "cap_add": Key("capAdd", narrow.parse_texts, rules.union),
    "security_opt": Key("securityOpt", narrow.parse_texts, rules.union),
    "entrypoint": Key("entrypoint", narrow.parse_text, rules.collected, in_configuration=False),
    "remote_user": Key("remoteUser", narrow.parse_text, rules.last_said(None)),
    "user_env_probe": Key("userEnvProbe", choice_of(*PROBES), rules.last("loginInteractiveShell")),
    "remote_env": Key("remoteEnv", narrow.parse_env, rules.per_name),
    "override_command": Key("overrideCommand", narrow.parse_bool, rules.last(None)),
    "ports_attributes": Key("portsAttributes", narrow.parse_objects, rules.per_name),
    "other_ports_attributes": Key("otherPortsAttributes", narrow.parse_object, rules.last(None)),
    "forward_ports": Key("forwardPorts", narrow.parse_ports, rules.merged_ports),
    "shutdown_action": Key("shutdownAction", choice_of(*SHUTDOWN_ACTIONS), rules.last(None)),
    "update_remote_user_uid": Key("updateRemoteUserUID", narrow.parse_bool, rules.last(True)),
    "host_requirements": Key("hostRequirements", narrow.parse_requirements, rules.merged_requirements),
}


def parse_layer(document: Mapping[str, JsonValue], *, text: str = "", path: str = "") -> Layer:
    """Return what a document says under the keys of `KEYS`; other keys are passed over, null says nothing.

    Raises ConfigurationError for a value of the wrong kind, with its line and column if `text` is the
    document's text.
    """
    spot = Spot(text, path)
    said = {field: key for field, key in KEYS.items() if document.get(key.name) is not None}
    return Layer(
        **{field: key.parse(document[key.name], spot / key.name) for field, key in said.items()},
        written={key.name: document[key.name] for key in said.values()},
    )


def render_layer(layer: Layer) -> dict[str, JsonValue]:
    """Return what the layer says, as JSON: in its document's own words where these still say the same."""
    rendered = dict(layer.written)
    for field, key in KEYS.items():
        value = getattr(layer, field)
        if value is None:
            rendered.pop(key.name, None)
        elif key.name not in rendered or key.parse(rendered[key.name], Spot() / key.name) != value:
            rendered[key.name] = key.render(value)
    return rendered
