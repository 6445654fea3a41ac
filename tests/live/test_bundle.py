"""The editor itself, without the rest of cove: made by the npm road, started in containers of both engines."""

from __future__ import annotations

import json
import time
import zipfile
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import AF_UNIX, socket
from typing import TYPE_CHECKING, NamedTuple

import pytest
from testbed.command import shared_ide_cache

from cove.engines.choose import read_engine
from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.ide.bundle import ensure_bundle, export_bundle
from cove.ide.extensions import collect_extensions
from cove.ide.launch import SESSION_COOKIE, LaunchRequest, new_secret, read_log, read_problem, render_launch
from cove.ide.profile import merge_back, prepare_data, workspace_data
from cove.spec.run import ExecRequest, RunRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.engine import Engine
    from testbed.slot import Slot

    from cove.engines.cli import CliEngine
    from cove.host.machine import Machine
    from cove.ide.base import Bundle, IdeLaunch

on_both = pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True)
"""The builders do not matter here."""

READY_SECONDS = 60
SHOW = ("--list-extensions", "--show-versions")
MEGABYTE = 1_000_000


def machine_with_cache(cache: Path) -> Machine:
    machine = read_machine()
    return machine._replace(directories=machine.directories._replace(cache=str(cache)))


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The bundle that all live tests share, made by the npm road if it is not there yet."""
    return ensure_bundle(
        machine_with_cache(shared_ide_cache().parent), on_progress=print, runner=HostRunner()
    )


class Running(NamedTuple):
    """A container with an editor, and its folders on the host."""

    engine: Engine
    own: CliEngine
    name: str
    data: str
    socket: str
    launch: IdeLaunch

    def start(self) -> None:
        """Start the editor as `up` does: by exec, detached."""
        request = ExecRequest(self.name, self.launch.argv, env=self.launch.env, detach=True)
        assert self.own.exec(request).ok

    def wait(self) -> str:
        """Return the answer of /healthz, or what the launcher said instead."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if problem := read_problem(self.data):
                return problem
            with suppress(OSError):
                status, answer = self.get("/healthz")
                if status == HTTPStatus.OK:  # it listens a moment before it knows its own paths
                    return answer
            time.sleep(0.05)
        raise AssertionError(f"no answer; the editor's log:\n{read_log(self.data)}")

    def get(self, path: str) -> tuple[int, str]:
        """Ask over the socket."""
        with closing(HTTPConnection("ide.invalid")) as connection:
            connection.sock = socket(AF_UNIX)
            connection.sock.settimeout(10)
            connection.sock.connect(self.socket)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def run(self, *words: str, check: bool = True) -> str:
        """Run a command in the container."""
        done = self.engine.cli("exec", self.name, *words, check=check)
        return done.stdout + done.stderr

    def code_server(self, *words: str) -> str:
        """Run code-server's command line on the workspace's own data."""
        entry = (
            "/opt/cove/ide/bin/node",
            "/opt/cove/ide/code-server/out/node/entry.js",
            "--config=/dev/null",
        )
        folders = ("--user-data-dir=/var/lib/cove/user", "--extensions-dir=/var/lib/cove/extensions")
        return self.run("env", "HOME=/tmp", *entry, *folders, *words)


class Launcher:
    """Makes containers and removes them."""

    def __init__(self, engine: Engine, image: str, bundle: Bundle, folder: Path) -> None:
        self.engine = engine
        self.image = image
        self.bundle = bundle
        self.folder = folder
        self.names: list[str] = []
        machine = machine_with_cache(folder / "cache")
        self.machine = machine._replace(
            directories=machine.directories._replace(
                data=f"{folder}/data", config=f"{folder}/config", state=f"{folder}/state"
            )
        )

    def __call__(
        self, *words: str, user: str = "0", request: LaunchRequest | None = None, entry: str = ""
    ) -> Running:
        """Make a container with an editor not yet started; `entry` is run as root before."""
        name = f"cove-live-ide-{len(self.names)}-{self.folder.name}"
        sockets = self.folder / f"run{len(self.names)}" / "s"
        sockets.mkdir(parents=True)
        sockets.parent.chmod(0o700)
        sockets.chmod(0o777)
        self.names.append(name)
        profile, data = f"{self.machine.directories.config}/profile", workspace_data(self.machine, name)
        vsix = self.make_vsix()
        store = collect_extensions([vsix], self.machine, base="/", offline=True, on_progress=print).stored
        assert prepare_data(profile, data, machine_settings={}, isolated=False, extensions=store) == ()
        wish = request or LaunchRequest("/tmp", "", "")
        wish = wish._replace(
            data=data, sockets=str(sockets), store=f"{self.machine.directories.cache}/extensions"
        )
        launch = render_launch(self.bundle, wish)
        own = read_engine(self.engine.name, HostRunner(), self.machine)
        own.run(
            RunRequest(
                image=self.image,
                name=name,
                mounts=launch.mounts,
                user=user,
                entrypoint="/bin/sh",
                command=("-c", f"trap 'exit 0' TERM; {entry or ':'}; sleep 600 & wait"),
                extra=words,
            )
        )
        return Running(self.engine, own, name, data, f"{sockets}/ide.sock", launch)

    def make_vsix(self) -> str:
        path = self.folder / "hello.vsix"
        manifest = {
            "publisher": "acme",
            "name": "hello",
            "version": "1.2.3",
            "engines": {"vscode": "^1.80.0"},
        }
        with zipfile.ZipFile(path, "w") as archive:
            info = zipfile.ZipInfo("extension/package.json", (2020, 1, 1, 0, 0, 0))
            archive.writestr(info, json.dumps(manifest))
        return str(path)


@pytest.fixture
def launcher(
    engine: Engine, base_image: str, bundle: Bundle, slot: Slot, tmp_path: Path
) -> Iterator[Launcher]:
    launcher = Launcher(engine, base_image, bundle, tmp_path)
    yield launcher
    if launcher.names:
        engine.cli("rm", "--force", "--volumes", *launcher.names, check=False)


@pytest.mark.parametrize("user", ["0", "1234:1234"])
@on_both
def test_it_answers_on_its_socket_without_a_network(launcher: Launcher, user: str) -> None:
    running = launcher("--network", "none", "--read-only", "--tmpfs", "/tmp", user=user)
    running.start()
    assert json.loads(running.wait())["status"] == "expired"
    status, page = running.get("/?folder=/tmp")
    assert (status, "vscode-workbench" in page) == (200, True)
    assert running.code_server(*SHOW).split() == ["acme.hello@1.2.3"]


@on_both
def test_an_extension_installed_inside_comes_home(launcher: Launcher) -> None:
    running = launcher(user="1234:1234")
    own = launcher.folder / "own.vsix"
    with zipfile.ZipFile(own, "w") as archive:
        manifest = {"publisher": "acme", "name": "own", "version": "2.0.0", "engines": {"vscode": "^1.80.0"}}
        archive.writestr("extension/package.json", json.dumps(manifest))
    running.engine.cli("cp", str(own), f"{running.name}:/tmp/own.vsix")
    running.code_server("--install-extension", "/tmp/own.vsix")
    assert running.code_server(*SHOW).split() == ["acme.hello@1.2.3", "acme.own@2.0.0"]
    report = merge_back(running.data, f"{launcher.machine.directories.config}/profile", isolated=False)
    assert report.extensions == ("acme.own",)


@on_both
def test_a_port_lets_in_only_the_cookie(launcher: Launcher) -> None:
    secret = new_secret()
    wish = LaunchRequest("/tmp", "", way="port", port=8123, secret=secret)
    running = launcher("--publish", "127.0.0.1::8123", "--env", "PORT=1", "--env", "PASSWORD=x", request=wish)
    running.start()
    address = running.engine.cli("port", running.name, "8123/tcp").stdout.split()[0]

    def ask(path: str, cookie: str = "") -> tuple[int, str]:
        with closing(HTTPConnection(address, timeout=10)) as connection:
            connection.request("GET", path, headers={"Cookie": f"{SESSION_COOKIE}={cookie}"})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("location", "")

    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            assert ask("/healthz")[0] == 200
            break
        except (OSError, HTTPException):
            assert time.monotonic() < end, read_log(running.data)
            time.sleep(0.1)
    assert ask("/") == (302, "./login")
    assert ask("/", "0" * 64) == (302, "./login")
    assert ask("/", secret) == (302, "./?folder=/tmp")
    assert secret not in running.run("sh", "-c", "cat /proc/[0-9]*/cmdline")


@on_both
def test_a_second_start_leaves_the_first_one_alone_and_a_stale_socket_is_replaced(launcher: Launcher) -> None:
    running = launcher(user="1234:1234")
    running.start()
    running.wait()
    assert "already listens" in running.run(*running.launch.argv, check=False) + read_log(running.data)
    assert json.loads(running.wait())["status"] == "expired"
    running.run("sh", "-c", "kill -9 $(pidof node 2>/dev/null || pgrep node)")
    while True:
        try:
            running.get("/healthz")
        except OSError:
            break
    assert Path(running.socket).exists()
    running.start()
    assert json.loads(running.wait())["status"] == "expired"


@on_both
def test_the_home_of_the_person_stays_clean(launcher: Launcher) -> None:
    running = launcher("--env", "HOME=/home/someone", entry="mkdir -p /home/someone")
    running.start()
    running.wait()
    running.get("/?folder=/tmp")
    assert running.run("ls", "-A", "/home/someone") == ""


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            "touch /lib/x86_64-linux-gnu/libc-2.24.so",
            "this image has glibc 2.24, and the editor needs 2.28 or newer",
        ),
        ("rm -f /usr/lib/x86_64-linux-gnu/libstdc++.so.6*", "this image has no libstdc++.so.6"),
    ],
)
@on_both
def test_an_image_that_cannot_run_it_says_so(launcher: Launcher, entry: str, sentence: str) -> None:
    running = launcher(entry=entry)
    time.sleep(1)
    done = running.engine.cli("exec", running.name, *running.launch.argv, check=False)
    assert (done.returncode, sentence in done.stderr) == (78, True), done.stderr
    assert sentence in running.wait()


@pytest.mark.full("bundle")
def test_the_npm_road_from_an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    began = time.monotonic()
    found = ensure_bundle(machine_with_cache(tmp_path), on_progress=print, runner=HostRunner())
    print(f"made in {time.monotonic() - began:.1f} s")
    size = sum(path.lstat().st_size for path in Path(found.path, "code-server").rglob("*") if path.is_file())
    assert found.source == "npm registry"
    assert size < 170 * MEGABYTE
    export_bundle(found, str(tmp_path / "bundle.tar.gz"))
    assert (tmp_path / "bundle.tar.gz").stat().st_size < 120 * MEGABYTE
