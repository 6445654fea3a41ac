"""Fixtures of the live tests: real engines, a registry, a browser. A missing one is a failure, never a skip.

All of it is private to the session and removed with it; see `testbed/`. Engines start when the first test asks.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from testbed.browser import running_chromium
from testbed.command import Cove, make_home, shared_ide_cache
from testbed.docker import docker_environment, find_cli, private_docker
from testbed.engine import ENGINE_VARIABLES, Engine
from testbed.image import BASE, import_base
from testbed.person import ordinary_person
from testbed.podman import podman_environment, private_podman
from testbed.registry import free_port, local_registry
from testbed.slot import taken_slot

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from playwright.sync_api import BrowserContext
    from testbed.command import Home
    from testbed.person import Person
    from testbed.slot import Slot

ENGINE_IDS = ("docker", "docker-legacy", "podman")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything below this folder as live, to be tried once more if it fails: see CONTRIBUTING.md."""
    for item in items:
        if "/live/" in item.path.as_posix():
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def slot() -> Iterator[Slot]:
    """The session's folder and addresses."""
    if os.geteuid() != 0:
        raise RuntimeError(
            "the live tests start engines and make a user: run them as root, or with sudo ./test"
        )
    os.umask(0o022)
    with taken_slot() as slot:
        yield slot


@pytest.fixture(scope="session")
def registry_address() -> str:
    """Where the registry is, or would be: `127.0.0.1:PORT`."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="session")
def registry(slot: Slot, registry_address: str) -> Iterator[str]:
    """An empty image registry on loopback, plain HTTP; its value is `127.0.0.1:PORT`."""
    with local_registry(slot.folder / "reg", registry_address):
        yield registry_address


class Engines:
    """The session's private engines, each started when first asked for."""

    def __init__(self, slot: Slot, registry_address: str, stack: ExitStack, *, real_gpus: bool) -> None:
        self.slot = slot
        self.real_gpus = real_gpus
        self.stack = stack
        self.podman_env = podman_environment(slot, registry_address)
        self.started: dict[str, Engine] = {}
        self.daemons: set[str] = set()

    def get(self, engine_id: str) -> Engine:
        """Return one of ENGINE_IDS, running."""
        if engine_id not in self.started:
            name = engine_id.partition("-")[0]
            env = self.environment(engine_id)
            if name not in self.daemons:
                daemon = (
                    private_podman(self.slot, env)
                    if name == "podman"
                    else private_docker(self.slot, real_gpus=self.real_gpus)
                )
                self.stack.enter_context(daemon)
                self.daemons.add(name)
            self.started[engine_id] = Engine(engine_id, name, env)
        return self.started[engine_id]

    def environment(self, engine_id: str) -> dict[str, str]:
        """Return what leads to this engine; the other engine's variables are private too."""
        name, _, kind = engine_id.partition("-")
        cli = find_cli(buildkit=kind != "legacy") if name == "docker" else None
        docker = docker_environment(self.slot, cli, buildkit=kind != "legacy")
        return {**self.podman_env, **docker, "COVE_ENGINE": name}


@pytest.fixture(scope="session")
def engines(slot: Slot, registry_address: str, pytestconfig: pytest.Config) -> Iterator[Engines]:
    """All private engines, by id; for tests that need two at once or one in particular."""
    with ExitStack() as stack:
        yield Engines(slot, registry_address, stack, real_gpus=pytestconfig.getoption("real_gpus"))


@pytest.fixture(scope="session", params=ENGINE_IDS)
def engine(request: pytest.FixtureRequest, engines: Engines) -> Iterator[Engine]:
    """Each engine in turn. While it lasts, this process's own environment leads to it as well."""
    engine = engines.get(request.param)
    with pytest.MonkeyPatch.context() as patch:
        for variable in ENGINE_VARIABLES:
            patch.delenv(variable, raising=False)
        for name, value in engine.env.items():
            patch.setenv(name, value)
        yield engine


@pytest.fixture(scope="session")
def base_image(engine: Engine) -> str:
    """A Debian 12 with python3, CA certificates, bash, procps and git, imported into the engine.

    It is also `debian:bookworm-slim`, so a Dockerfile that starts from there builds without a registry.
    """
    import_base(engine)
    return BASE


@pytest.fixture(scope="session")
def new_home(slot: Slot, engines: Engines) -> Callable[[], AbstractContextManager[Home]]:
    """Make cove's folders for longer or shorter than one test: `with new_home() as home: Cove(home, engine.env)`."""

    @contextmanager
    def make() -> Iterator[Home]:
        home = make_home(slot.folder, shared_ide_cache())
        try:
            yield home
        finally:
            home.close([engine for engine in engines.started.values() if engine.id != "docker-legacy"])

    return make


@pytest.fixture
def cove_home(
    new_home: Callable[[], AbstractContextManager[Home]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    """cove's folders for this test, in this process's environment too; what was started with them ends with it."""
    with new_home() as home:
        for name, value in home.env.items():
            monkeypatch.setenv(name, value)
        yield home


@pytest.fixture
def cove(cove_home: Home, engine: Engine) -> Cove:
    """The real command on this engine: `cove("up", path).check()`, with `.code .stdout .stderr .json`."""
    return Cove(cove_home, engine.env)


@pytest.fixture(scope="session")
def ordinary_user(slot: Slot) -> Iterator[Person]:
    """A user who is not root: home, subordinate ids, access to the private docker; `.cove(engine, home, "up", …)`."""
    with ordinary_person(slot) as person:
        yield person


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know at their end whether the test failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture
def chromium(request: pytest.FixtureRequest, slot: Slot) -> Iterator[BrowserContext]:
    """A headless Chromium with an empty profile: `page = chromium.new_page()`.

    When the test fails, what its pages showed is kept in `.cache/test-failures/`.
    """
    with running_chromium() as context:
        yield context
        if request.node.stash.get(FAILED, False):
            save_screenshots(context, request.config.rootpath / ".cache" / "test-failures", request.node.name)


def save_screenshots(context: BrowserContext, folder: Path, name: str) -> None:
    """Keep a picture of each page of a failed test."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(context.pages):
        page.screenshot(path=folder / f"{name.replace('/', '_')}-{number}.png")
