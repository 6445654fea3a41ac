"""cove opens a machine-learning repository in VS Code, inside a container, wherever the work has to run.

From Python: `cove.up`, `bring_up`, `throw_away`, `build`, `find`, `gpus`, `workspaces`; see `cove.api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cove.api import (
        Bringing,
        Completed,
        Container,
        Event,
        Workspace,
        bring_up,
        build,
        find,
        gpus,
        throw_away,
        up,
        workspaces,
    )

__version__ = "0.1.0.dev0"

__all__ = [
    "Bringing",
    "Completed",
    "Container",
    "Event",
    "Workspace",
    "__version__",
    "bring_up",
    "build",
    "find",
    "gpus",
    "throw_away",
    "up",
    "workspaces",
]


def __getattr__(name: str) -> object:
    """Load the interface when it is first used: the command line must not pay for it."""
    if name not in __all__:
        raise AttributeError(f"module 'cove' has no attribute {name!r}")
    from cove import api

    return getattr(api, name)
