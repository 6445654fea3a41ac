"""Which workspaces there are, and the way to each: the engine's word, kept for a moment.

Requests are answered from what is known; asking the engine again (a process, some 40 ms) happens in a thread, while
a page shows the list, when a name is not known, and when a way has failed.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING

from cove.errors import CoveError, PlaceError
from cove.gateway.upstream import Pool
from cove.places.base import Target
from cove.places.endpoints import read_endpoint

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from cove.gateway.auth import Keys
    from cove.gateway.views import WorkspaceView
    from cove.host.machine import Machine
    from cove.places.base import Endpoint, Place

    ReadViews = Callable[[], Sequence[WorkspaceView]]

FRESH_SECONDS = 2.0
TOLD_SECONDS = 5.0
"""How long `up` is believed over an engine that does not list the workspace."""
BUILD_SILENCE_SECONDS = 1800.0
"""A build that says nothing for so long has been killed."""
MISS_SECONDS = 0.5
LARGEST_PROGRESS = 1 << 18


class Directory:
    """The workspaces of one person."""

    def __init__(self, machine: Machine, keys: Keys, place: Place, read_views: ReadViews) -> None:
        self.machine = machine
        self.keys = keys
        self.problem = ""
        """Why the engine could not be asked last time; empty when it could."""
        self._place = place
        self._read_views = read_views
        self._listed: dict[str, WorkspaceView] = {}
        self._registered: dict[str, WorkspaceView] = {}
        self._told_at: dict[str, float] = {}
        self._labels: dict[str, str] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._pools: dict[tuple[str, int], Pool] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    def views(self) -> list[WorkspaceView]:
        """Return what is known now, running first, then by name."""
        known = {**self._registered, **self._listed}
        order = {"running": 0, "building": 1}
        views = [self._settle(view) for view in known.values()]
        return sorted(views, key=lambda view: (order.get(view.state, 2), view.name))

    async def fresh_views(self) -> list[WorkspaceView]:
        """Return what is known, asked again if that was a while ago."""
        await self.refresh(older_than=FRESH_SECONDS)
        return self.views()

    async def refresh(self, *, older_than: float = 0.0) -> None:
        """Ask the engine; those who come while it is being asked wait for the same answer."""
        if time.monotonic() - self._read_at < older_than:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._refresh())
        await asyncio.shield(self._reading)

    async def _refresh(self) -> None:
        try:
            views = await asyncio.to_thread(self._read_views)
        except CoveError as error:
            self.problem = error.message
        else:
            self.problem = ""
            self._listed = {view.id: view for view in views}
            self._registered = {
                workspace_id: view
                for workspace_id, view in self._registered.items()
                if self._still_told_of(workspace_id)
            }
            self._index()
        self._read_at = time.monotonic()

    def register(self, view: WorkspaceView, endpoint: Endpoint | None) -> None:
        """Hear of a workspace from `up`, before the engine can tell of it, or that the way to it has changed."""
        self._registered[view.id] = view
        self._told_at[view.id] = time.monotonic()
        self._listed.pop(view.id, None)
        self._endpoints.pop(view.id, None)
        if endpoint is not None:
            self._endpoints[view.id] = endpoint
        self._drop_pools(view.id)
        self._index()

    def forget(self, workspace_id: str) -> None:
        """Hear that a workspace was removed."""
        self._registered.pop(workspace_id, None)
        self._listed.pop(workspace_id, None)
        self._endpoints.pop(workspace_id, None)
        self._drop_pools(workspace_id)
        self._index()

    def by_id(self, workspace_id: str) -> WorkspaceView | None:
        """Return a workspace that is known."""
        view = self._listed.get(workspace_id) or self._registered.get(workspace_id)
        return self._settle(view) if view else None

    def label(self, view: WorkspaceView) -> str:
        """Return `NAME-RANDOM`."""
        return self.keys.label(view.name, view.id)

    async def find(self, word: str) -> WorkspaceView | None:
        """Return the workspace of a name, an id, or a label; the engine is asked about a word not known."""
        for patience in (MISS_SECONDS, None):
            if workspace_id := self._labels.get(word):
                return self.by_id(workspace_id)
            if patience is not None:
                await self.refresh(older_than=patience)
        return None

    def id_of(self, label: str) -> str:
        """Return the id of a label that is known, else an empty string; the quick way of `find`."""
        return self._labels.get(label, "")

    def endpoint(self, workspace_id: str) -> Endpoint | None:
        """Return the way to a workspace, if it has one."""
        if (known := self._endpoints.get(workspace_id)) is None:
            known = read_endpoint(self.machine, workspace_id)
            if known is not None:
                self._endpoints[workspace_id] = known
        return known

    def pool(self, workspace_id: str, port: int) -> Pool:
        """Return the connections to the editor (port 0) or to a port inside."""
        key = (workspace_id, port)
        if (pool := self._pools.get(key)) is None:
            secure = port > 0 and self._speaks_tls(workspace_id, port)
            pool = self._pools[key] = Pool(lambda: self._dial(workspace_id, port), tls=secure)
        return pool

    def _speaks_tls(self, workspace_id: str, port: int) -> bool:
        view = self._listed.get(workspace_id) or self._registered.get(workspace_id)
        return view is not None and str(port) in view.secure_ports

    def failed(self, workspace_id: str) -> None:
        """Hear that the way to a workspace failed: look for it anew next time."""
        self._endpoints.pop(workspace_id, None)

    def read_progress(self, workspace_id: str, offset: int) -> tuple[int, list[dict[str, object]]]:
        """Return what `STATE/ID/progress.jsonl` holds from a byte on: where to go on, and the events.

        A file that has become shorter is a new one, and read from its start.
        """
        path = f"{self.machine.directories.state}/{workspace_id}/progress.jsonl"
        try:
            with open(path, "rb") as file:
                size = file.seek(0, 2)
                file.seek(offset if 0 <= offset <= size else 0)
                start = file.tell()
                data = file.read(LARGEST_PROGRESS)
        except OSError:
            return 0, []
        whole = data.rpartition(b"\n")[0]
        end = start + len(whole) + 1 if whole else start
        return end, [event for line in whole.splitlines() if isinstance(event := _parse(line), dict)]

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _dial(self, workspace_id: str, port: int) -> socket.socket:
        endpoint = self.endpoint(workspace_id)
        if endpoint is None:
            raise PlaceError("there is no way into it yet")
        return self._place.connect(endpoint, Target(port))

    def _settle(self, view: WorkspaceView) -> WorkspaceView:
        """Return a view with the state of its editor: `up` closes the way in while it works, and opens it at the end."""
        if self.endpoint(view.id) is not None:
            return view._replace(state="running") if view.state == "building" else view
        phase = self._phase(view.id)
        return view._replace(state=phase or ("stopped" if view.state == "building" else view.state))

    def _phase(self, workspace_id: str) -> str:
        """Return `building` or `failed` as the end of the last `up`'s progress tells, else an empty string."""
        try:
            with open(f"{self.machine.directories.state}/{workspace_id}/progress.jsonl", "rb") as file:
                said = os.fstat(file.fileno())
                file.seek(max(0, said.st_size - 8192))
                last = file.read().rstrip().rpartition(b"\n")[2]
        except OSError:
            return ""
        event = _parse(last)
        if isinstance(event, dict) and event.get("event") == "end" and event.get("failed"):
            return "failed"
        return "building" if time.time() - said.st_mtime < BUILD_SILENCE_SECONDS else ""

    def _still_told_of(self, workspace_id: str) -> bool:
        if workspace_id in self._listed:
            return False
        recent = time.monotonic() - self._told_at.get(workspace_id, float("-inf")) < TOLD_SECONDS
        return recent or (self.endpoint(workspace_id) is None and bool(self._phase(workspace_id)))

    def _drop_pools(self, workspace_id: str) -> None:
        for key in [key for key in self._pools if key[0] == workspace_id]:
            self._pools.pop(key).close()

    def _index(self) -> None:
        known = {**self._registered, **self._listed}
        self._labels = {
            word: view.id for view in known.values() for word in (view.id, view.name, self.label(view))
        }


def _parse(line: bytes) -> object:
    try:
        parsed: object = json.loads(line)
    except ValueError:
        return None
    return parsed
