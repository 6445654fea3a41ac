"""What is looked at, and that one look that fails takes no other with it."""

from __future__ import annotations

import email.utils
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from cove.errors import BuildError, EngineError, PlaceError
from cove.gpu.inventory import NVIDIA, Gpu, Inventory
from cove.workspace import doctor
from cove.workspace.check import Check
from cove.workspace.records import write_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cove.testing import FakeEngine
    from cove.workspace.records import Record
    from cove.workspace.session import Session


@pytest.fixture(autouse=True)
def closed(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One engine, no network, no GPU."""
    monkeypatch.setattr("cove.engines.choose.read_engines", lambda *_: [engine])
    monkeypatch.setattr(doctor, "REGISTRY", "http://127.0.0.1:9/v2/")
    monkeypatch.setattr("cove.ide.gallery.OPEN_VSX", type("G", (), {"service_url": "http://127.0.0.1:9/g"}))
    monkeypatch.setattr("cove.gpu.hardware.read_inventory", lambda *_: Inventory())


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_everything_is_told(session: Session, project: Callable[..., str]) -> None:
    folder = project('{"image": "debian"}')
    found = by_name(doctor.examine(session, folder, more=[lambda _: [Check("mine", "ok", "")]]))
    assert list(found) == [
        "engine", "adaptations", "build", "run", "limits", "user namespaces", "authorities and proxies", "cache",
        "registry", "gallery", "clock", "GPU", "editor", "mine", "configuration", "base image", "trust",
    ]  # fmt: skip
    assert (found["registry"].verdict, found["gallery"].verdict, found["clock"].verdict) == (
        "warning",
        "warning",
        "unchecked",
    )
    assert found["build"].verdict == "unchecked"


def test_a_look_that_fails_is_one_failed_check(session: Session) -> None:
    def look_at_places(_: Session) -> list[Check]:
        raise PlaceError("no way there", hint="Walk.")

    (*_, last) = doctor.examine(session, more=[look_at_places])
    assert last == Check("places", "failed", "no way there", "Walk.", 9)


def test_without_an_engine(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise EngineError("docker is away", hint="Start it.")

    monkeypatch.setattr("cove.engines.choose.read_engines", away)
    found = by_name(doctor.examine(session))
    assert (found["engine"].verdict, found["engine"].exit_code) == ("failed", 4)
    assert "build" not in found


def test_trials_on_an_image_that_is_here(session: Session, engine: FakeEngine, record: Record) -> None:
    write_record(session.machine, record)
    engine.add_image("debian")
    engine.runner.answer("docker run debian")
    build, run = doctor.look_at_trials(session)
    assert (build.verdict, run.verdict) == ("ok", "ok")
    assert engine.builds[0].dockerfile_text == "FROM debian\nRUN true\n"
    assert engine.calls[-1].startswith("remove-image")
    engine.failures["build"] = BuildError("no space", hint="Free some.")
    engine.runner.answer("docker run debian", stderr="no such runtime", code=125)
    build, run = doctor.look_at_trials(session)
    assert (build.verdict, build.exit_code, build.evidence) == ("failed", 5, "no space")
    assert (run.verdict, run.exit_code, run.evidence) == ("failed", 4, "no such runtime")


def test_how_each_engine_gives_gpus(
    session: Session, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus = (Gpu(NVIDIA, 0, "GPU-a", "NVIDIA A100", "/dev/nvidia0"),)
    monkeypatch.setattr("cove.gpu.hardware.read_inventory", lambda *_: Inventory(gpus))
    _, way = doctor.look_at_gpus(session)
    assert way.evidence.startswith("cannot: docker cannot give the GPU")
    assert "nvidia-ctk" in way.fix
    engine.told = engine.told._replace(runtimes=("nvidia",), version="28.2")
    _, way = doctor.look_at_gpus(session)
    assert way.verdict == "ok"


class Late(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response_only(401)
        self.send_header("Date", email.utils.formatdate(time.time() + 3600, usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def late() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_clock_that_is_an_hour_behind(session: Session, late: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "REGISTRY", late)
    registry, _, clock = doctor.look_at_network(session)
    assert (registry.verdict, registry.evidence) == ("ok", f"{late} answers (401)")
    assert (clock.verdict, "3600 s behind" in clock.evidence or "3599 s behind" in clock.evidence) == (
        "failed",
        True,
    )


def test_a_port_that_is_taken() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert doctor.look_at_port(port, "").verdict == "warning"
        assert doctor.look_at_port(port, "http://x").verdict == "ok"
    assert doctor.look_at_port(port, "").verdict == "ok"
