"""What is asked of `up`, what it announces, and what it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cove.workspace.bases import BuildOptions
    from cove.workspace.gpu_wish import GpuOptions
    from cove.workspace.records import Record


class Announcement(NamedTuple):
    """A workspace that is about to be made or started: what the gateway needs to show it while that lasts."""

    id: str
    name: str
    folder: str
    engine: str


def ignore(_: Announcement) -> None:
    """Tell nobody."""


class UpRequest(NamedTuple):
    """What a person asks of `up`."""

    folder: str
    """A path, or a git URL."""
    config: str = ""
    name: str = ""
    rebuild: bool = False
    recover: bool = False
    """Open what worked last, or a minimal image, instead of making what the files say."""
    repair: bool = False
    """Make the container anew if it has lost its GPUs, or another has them."""
    isolated: bool | None = None
    """The person's word on settings, extensions and caches of its own; None: as settings, files and origin say."""
    secrets_file: str = ""
    """A JSON file of variables for the container's processes; empty: the one of an earlier `up`, if there was any."""
    build: BuildOptions | None = None
    gpus: GpuOptions | None = None
    announce: Callable[[Announcement], None] = ignore
    """Called once work begins, so that the link answers while it goes on."""
    branch: str = ""
    """Open this branch of the folder's repository, in a working tree of its own."""


class Opened(NamedTuple):
    """A workspace that is up."""

    record: Record
    created: bool
    """Its container was made by this call."""
    out_of_date: tuple[str, ...] = ()
    """Files that have changed since its container was made, where the person did not want a rebuild."""
    seconds: float = 0.0
    timings: Mapping[str, float] = {}
    origin: str = ""
    """What it was built from, when it was."""
    substitutes: Mapping[str, str] = {}
    gpus: str = ""
    """What became of a wish for GPUs, in a sentence; empty when there was none."""
    recovered: str = ""
    """What was opened instead of what the files say, in a person's words; empty unless that was asked for."""
    shows: str = ""
    """A file that the editor opens, as the container sees it."""
    bundle: str = ""
    """Where the editor's files came from, when they were fetched."""
