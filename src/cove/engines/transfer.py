"""Images to and from registries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cove.engines.argv import Words, render_call
from cove.engines.failures import plan_pull_error, registry_of, tells_unreachable

if TYPE_CHECKING:
    from cove.engines.cli import CliEngine
    from cove.host.proc import OnLine


class _Unreachable(Exception):  # noqa: N818 - a signal between the two functions here
    """The registry did not answer: no use in waiting for the engine's further attempts, which take minutes."""


def run_transfer(engine: CliEngine, verb: Literal["pull", "push"], reference: str, on_line: OnLine) -> None:
    """Pull or push, handing on each line. Raises NetworkError, ConfigurationError or EngineError."""
    name = qualified(reference) if engine.name == "podman" and verb == "pull" else reference
    lines: list[str] = []

    def watch(line: str) -> None:
        lines.append(line)
        on_line(line)
        if tells_unreachable(line):
            raise _Unreachable

    try:
        outcome = engine.stream(Words(render_call(engine.dialect, verb, name)), watch)
    except _Unreachable:
        raise plan_pull_error(reference, lines[-1], doing=verb) from None
    if not outcome.ok:
        raise plan_pull_error(reference, "\n".join(lines[-3:]), doing=verb)


def qualified(reference: str) -> str:
    """Return a reference with its registry, as docker understands it; podman alone would ask or refuse.

    >>> qualified("debian:bookworm"), qualified("org/image"), qualified("ghcr.io/org/image:1")
    ('docker.io/library/debian:bookworm', 'docker.io/org/image', 'ghcr.io/org/image:1')
    """
    if registry_of(reference) != "docker.io" or reference.startswith("docker.io/"):
        return reference
    return f"docker.io/{reference}" if "/" in reference else f"docker.io/library/{reference}"
