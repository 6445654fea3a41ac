"""Lifecycle commands: one to three spellings in the file, one shape here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cove.spec.narrow import parse_texts

if TYPE_CHECKING:
    from cove.spec.jsonc import JsonValue
    from cove.spec.narrow import Spot

HOOKS = (
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "postAttachCommand",
)
"""Those that run in the container, in the order in which they run."""

SHELL = ("/bin/sh", "-c")


class LifecycleStep(NamedTuple):
    """One program to run. `name` is the key of the object form and empty otherwise."""

    name: str
    argv: tuple[str, ...]


LifecycleCommand: TypeAlias = tuple[LifecycleStep, ...]
"""What one source says for one hook; several steps run in parallel and all must succeed."""


def parse_command(value: JsonValue, spot: Spot) -> LifecycleCommand:
    """Return the steps of a command: a string runs in /bin/sh, an array directly, an object all its members.

    An empty string, array or object is a command that does nothing: no steps. Source: the specification's
    "Lifecycle scripts" and "Parallel lifecycle script execution".
    """
    if isinstance(value, dict):
        steps = [parse_step(name, member, spot / name) for name, member in value.items()]
    else:
        steps = [parse_step("", value, spot)]
    return tuple(step for step in steps if step.argv)


def parse_step(name: str, value: JsonValue, spot: Spot) -> LifecycleStep:
    """Return one step; its argv is empty when nothing is to be run."""
    if isinstance(value, str):
        return LifecycleStep(name, (*SHELL, value) if value.strip() else ())
    if not isinstance(value, list):
        raise spot.unfit("a string, an array of strings or an object of these", value)
    return LifecycleStep(name, parse_texts(value, spot))


def render_command(command: LifecycleCommand) -> JsonValue:
    """Return the command in the file's spelling."""
    if len(command) == 1 and not command[0].name:
        return render_step(command[0])
    return {step.name or f"step{number}": render_step(step) for number, step in enumerate(command, 1)}


def render_step(step: LifecycleStep) -> JsonValue:
    """Return one step in the file's spelling: a string if the shell runs it, else an array."""
    if len(step.argv) == 3 and step.argv[:2] == SHELL:
        return step.argv[2]
    return list(step.argv)
