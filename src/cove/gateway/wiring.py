"""What the gateway needs of the floors below: which workspaces there are, and how to reach into one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.engines.base import ContainerInfo, Engine
    from cove.gateway.views import WorkspaceView
    from cove.gpu.health import Loss
    from cove.gpu.use import Lately
    from cove.host.machine import Machine
    from cove.host.proc import Command
    from cove.places.base import Endpoint, Place
    from cove.spec.ports import Port
    from cove.workspace.list import Listed
    from cove.workspace.ports import Lookout
    from cove.workspace.session import Session


LOSS_SECONDS = 20.0
"""Between two questions to the containers whether they still have their GPUs; each takes a process in them."""


class Losses:
    """Which workspaces have lost their GPUs, as far as was seen not long ago."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Mapping[str, Loss]]] = {}

    def find(self, engine: Engine, containers: Sequence[ContainerInfo]) -> Mapping[str, Loss]:
        """Return the losses of an engine's running containers, by id."""
        from cove.workspace.gpu_health import find_losses

        looked, losses = self._known.get(engine.name, (float("-inf"), {}))
        if time.monotonic() - looked >= LOSS_SECONDS:
            losses = find_losses(engine, containers)
            self._known[engine.name] = time.monotonic(), losses
        return losses


def read_views(machine: Machine, losses: Losses, lookout: Lookout) -> Sequence[WorkspaceView]:
    """Return this person's workspaces, as the engines tell them. Raises EngineError."""
    from cove.gateway.views import WorkspaceView
    from cove.host.proc import HostRunner
    from cove.workspace.gpu_list import summarize_holder
    from cove.workspace.gpu_use import read_use
    from cove.workspace.list import list_workspaces
    from cove.workspace.session import Session, read_settings

    session = Session(machine, HostRunner(), settings=read_settings(machine))
    samples = read_use(machine)
    mine = [listed for listed in list_workspaces(session, losses=losses.find) if listed.mine]
    held = [listed.gpus for listed in mine]
    found = [(listed, summarize_holder(samples, listed.container, listed.gpus, held)) for listed in mine]
    ports = {listed.id: find_ports(session, lookout, listed) for listed in mine}
    return [
        WorkspaceView(
            id=listed.id,
            name=listed.name,
            folder=listed.folder,
            # One that is out of reach runs on, as far as one knows: its editor waits for it.
            state="running" if listed.state in {"running", "unreachable"} else "stopped",
            engine=listed.engine,
            container=listed.container,
            image=listed.image,
            detail=render_detail(listed),
            gpus=render_gpus(listed, lately),
            bars=lately.bars if lately else "",
            ports={str(port.number): port.label for port in ports[listed.id]},
            listening=tuple(str(port.number) for port in ports[listed.id] if port.listening),
            secure_ports=tuple(str(port.number) for port in ports[listed.id] if port.protocol == "https"),
            problem=f"Has lost its GPU: {listed.loss.text}." if listed.loss else "",
            remedy=f"cove up --repair {listed.folder}" if listed.loss and listed.loss.repairable else "",
        )
        for listed, lately in found
    ]


def find_ports(session: Session, lookout: Lookout, listed: Listed) -> Sequence[Port]:
    """Return the ports of a workspace that runs, by its record; none without one."""
    from cove.workspace.records import read_record
    from cove.workspace.session import Session

    record = read_record(session.machine, listed.id) if listed.state == "running" else None
    if record is None:
        return ()
    own = Session(session.machine, session.runner, settings=session.settings._replace(engine=record.engine))
    return lookout.look(own, record)


def render_detail(listed: Listed) -> str:
    """Return what a person should see of a workspace besides its state: what its base stands in for."""
    return f"on a substitute for {listed.substitute}" if listed.substitute else ""


def render_gpus(listed: Listed, lately: Lately | None) -> str:
    """Return the GPUs that a workspace holds and what it used of them lately."""
    if not listed.gpus:
        return ""
    count = "1 GPU" if len(listed.gpus) == 1 else f"{len(listed.gpus)} GPUs"
    shared = ", shared" if listed.shares_gpus else ""
    return f"{count}{shared}{f': {lately.describe()}' if lately else ''}"


def make_place(machine: Machine) -> Place:
    """Return the place that local workspaces are reached through."""
    from cove.places.local import LocalPlace, mux_request

    known: dict[str, Engine] = {}

    def engine_command(endpoint: Endpoint) -> Command:
        from cove.engines.choose import read_engine
        from cove.host.proc import HostRunner

        # Another machine is asked what it is once: a way that is made anew after a drop is one command then.
        engine = known.get(endpoint.engine) or read_engine(endpoint.engine, HostRunner(), machine)
        if "ssh://" in endpoint.engine:
            known[endpoint.engine] = engine
        return engine.exec_command(mux_request(endpoint.container))

    return LocalPlace(machine, engine_command)
