"""PURE: what machine learning wants of a container and no standard says, unless somebody said otherwise.

Shared memory (a DataLoader's workers hand batches over in /dev/shm, and the engines give 64 MB), locked memory and
stack (NVIDIA's advice for its own images), an init, and caches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.spec.caches import choose_kinds, plan_cache_mounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.engines.base import EngineInfo
    from cove.spec.layer import Layer
    from cove.spec.run import Mount
    from cove.workspace.read import Reading

MOST_SHARED_MEMORY = 16 * 2**30
LIMITS = {"memlock": -1, "stack": 64 * 2**20}
"""Bytes; -1: none."""


class Defaults(NamedTuple):
    """What cove gives a container besides what was asked for."""

    shm_size: int = 0
    """Bytes; 0: what the engine gives."""
    limits: Mapping[str, int] = {}
    init: bool = False
    caches: tuple[str, ...] = ()
    """Kinds, see `spec/caches.py`."""
    mounts: tuple[Mount, ...] = ()
    """The volumes of these caches."""


def plan_defaults(
    reading: Reading, layers: Sequence[Layer], info: EngineInfo, *, isolated: bool, caches: bool = True
) -> Defaults:
    """Return the defaults for a container of this configuration on this engine.

    `layers` are those of the image and the configuration, as far as they are known; `isolated` workspaces get caches of
    their own; `caches` is the person's setting.
    """
    additions, words = reading.configuration.additions, reading.configuration.run_args
    targets = [mount.target for layer in layers for mount in layer.mounts or ()]
    kinds = choose_kinds(additions.caches if caches else (), [*targets, *_targets(words)])
    workspace = reading.address.id if isolated else ""
    return Defaults(
        shm_size=plan_shared_memory(additions.shm_size, words, info.memory),
        limits=LIMITS if additions.limits else {},
        init=additions.init and wants_init(layers, words),
        caches=kinds,
        mounts=plan_cache_mounts(kinds, owner=reading.owner.uid, workspace=workspace),
    )


def plan_shared_memory(wanted: int | None, words: Sequence[str], memory: int) -> int:
    """Return the size of /dev/shm in bytes; 0 leaves it to the engine.

    `wanted` is what the configuration says, `words` are its `runArgs` (the host's own /dev/shm cannot be sized, and
    what they say of it stays), `memory` is the host's.
    """
    if _is_said(("--shm-size", "--ipc"), words):
        return 0
    return min(memory // 2, MOST_SHARED_MEMORY) if wanted is None else wanted


def wants_init(layers: Sequence[Layer], words: Sequence[str]) -> bool:
    """Return whether an init is started unasked: nobody spoke of it, and the main process is cove's own.

    An image's own main process may have to be the first one (systemd, s6).
    """
    said = any(layer.init is not None for layer in layers)
    command = [layer.override_command for layer in layers if layer.override_command is not None]
    return not (said or _is_said(("--init", "--pid"), words) or (command and command[-1] is False))


def describe(defaults: Defaults) -> dict[str, str]:
    """Return a line for each default that applies, for `--dry-run`."""
    lines = {
        "sharedMemory": render_size(defaults.shm_size) if defaults.shm_size else "",
        "limits": ", ".join(
            f"{name} {'unlimited' if most < 0 else render_size(most)}"
            for name, most in defaults.limits.items()
        ),
        "init": "started by cove" if defaults.init else "",
        "caches": ", ".join(defaults.caches),
    }
    return {name: line for name, line in lines.items() if line}


def render_size(size: int) -> str:
    """Return bytes as a person reads them, powers of 1024.

    >>> render_size(16 * 2**30), render_size(1536)
    ('16 GiB', '1.5 KiB')
    """
    value, unit = float(size), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{f'{value:.1f}'.removesuffix('.0')} {unit}"


def _is_said(options: tuple[str, ...], words: Iterable[str]) -> bool:
    return any(word.partition("=")[0] in options for word in words)


def _targets(words: Iterable[str]) -> list[str]:
    """Return what might be a mount's target among `runArgs`: `-v a:/b`, `--mount …,target=/b`."""
    return [part.partition("=")[2] or part for word in words for part in word.replace(":", ",").split(",")]
