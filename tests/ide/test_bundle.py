"""The cache of bundles: had once, whole or not at all, safe with two at once."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cove.errors import ConfigurationError, NetworkError
from cove.ide import bundle as bundles
from cove.ide import code_server, release
from cove.ide.bundle import IdeSources, ensure_bundle, export_bundle, find_bundle
from cove.testing import FakeRunner

if TYPE_CHECKING:
    from conftest import Site
    from cove.host.machine import Machine
    from cove.ide.base import Bundle

FILES = {
    "lib/node": "node",
    "out/node/entry.js": "entry",
    "lib/vscode/out/server-main.js": "server",
    "lib/vscode/out/server-main.js.map": "map",
    "lib/vscode/extensions/copilot/package.json": "{}",
    "lib/vscode/node_modules/node-pty/prebuilds/linux-x64/pty.node": "x",
    "lib/vscode/node_modules/node-pty/prebuilds/win32-x64/pty.node": "x",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A file that looks like a standalone release."""
    for name, content in FILES.items():
        path = tmp_path / "release" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    path = tmp_path / "release.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        packed.add(tmp_path / "release", "code-server-4-linux-amd64")
    return path


def ensure(
    machine: Machine, sources: IdeSources, said: list[str] | None = None, runner: FakeRunner | None = None
) -> Bundle:
    return ensure_bundle(
        machine, sources, on_progress=(said if said is not None else []).append, runner=runner or FakeRunner()
    )


def test_a_file_becomes_a_bundle_once(machine: Machine, archive: Path) -> None:
    sources = IdeSources(source=str(archive), offline=True)
    assert find_bundle(machine, sources) is None
    before = os.umask(0o077)
    try:
        found = ensure(machine, sources)
    finally:
        os.umask(before)
    assert find_bundle(machine, sources) == found
    assert (found.ide, found.version, found.arch, found.source) == (
        "code-server",
        code_server.VERSION,
        "amd64",
        str(archive),
    )
    root = Path(found.path)
    assert sorted(path.name for path in root.iterdir()) == ["bin", "bundle.json", "code-server", "inside"]
    assert {"environment.js", "launch.sh", "start.js"} <= {path.name for path in (root / "inside").iterdir()}
    kept = sorted(
        str(path.relative_to(root / "code-server"))
        for path in root.glob("code-server/**/*")
        if path.is_file()
    )
    assert kept == [
        "lib/vscode/node_modules/node-pty/prebuilds/linux-x64/pty.node",
        "lib/vscode/out/server-main.js",
        "out/node/entry.js",
    ]
    for path in (root, *root.rglob("*")):
        wanted = 0o755 if path.is_dir() or path.name == "node" else 0o644
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    said: list[str] = []
    assert ensure(machine, sources, said) == found
    assert said == []


def test_other_sources_and_other_scripts_are_other_bundles(
    machine: Machine, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ensure(machine, IdeSources(source=str(archive)))
    (tmp_path / "copy.tar.gz").write_bytes(archive.read_bytes())
    assert ensure(machine, IdeSources(source=f"{tmp_path}/copy.tar.gz")).path == first.path
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "launch.sh").write_text("other")
    monkeypatch.setattr(bundles, "_inside", lambda: str(inside))
    assert find_bundle(machine, IdeSources(source=str(archive))) is None


def test_the_release_is_first(machine: Machine, archive: Path, site: Site) -> None:
    path = f"/v{code_server.VERSION}/{release.release_name('amd64')}"
    site.pages[path] = archive.read_bytes()
    site.pages[f"{path}.sha256"] = hashlib.sha256(archive.read_bytes()).hexdigest().encode()
    found = ensure(machine, IdeSources(release_url=site.url))
    assert found.source == "release"
    assert find_bundle(machine) == found


def test_without_the_release_npm_is_tried_and_both_are_told(machine: Machine) -> None:
    said: list[str] = []
    runner = FakeRunner().answer(f"{os.path.basename(sys.executable)} -m pip", code=1, stderr="no index")
    runner.answer("sh", code=1)
    with pytest.raises(NetworkError, match="Node 24"):
        ensure(machine, IdeSources(release_url="http://127.0.0.1:9"), said, runner)
    assert any("127.0.0.1:9 cannot be reached" in line and "npm" in line for line in said)
    assert os.listdir(f"{machine.directories.cache}/ide") == ["lock"]


def test_offline_asks_nobody(machine: Machine, site: Site) -> None:
    runner = FakeRunner()
    with pytest.raises(NetworkError, match="offline") as caught:
        ensure(machine, IdeSources(offline=True, release_url=site.url), runner=runner)
    assert "--ide-source" in caught.value.hint
    with pytest.raises(NetworkError, match="offline"):
        ensure(machine, IdeSources(offline=True, source=f"{site.url}/x.tar.gz"), runner=runner)
    assert (site.asked, runner.commands) == ([], [])


def test_unusable_sources(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        find_bundle(machine, IdeSources(source="/absent.tar.gz"))
    with pytest.raises(ConfigurationError, match="no editor for riscv64"):
        find_bundle(machine, arch="riscv64")
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        (tmp_path / "file").touch()
        for name in ("lib/node", "out/node/entry.js"):
            packed.add(tmp_path / "file", f"top/{name}")
    with pytest.raises(ConfigurationError, match="lacks code-server/lib/vscode"):
        ensure(machine, IdeSources(source=str(path)))
    assert os.listdir(f"{machine.directories.cache}/ide") == ["lock"]


def test_half_made_ones_never_count_and_are_removed(machine: Machine, archive: Path) -> None:
    sources = IdeSources(source=str(archive))
    found = ensure(machine, sources)
    home = Path(found.path).parent
    (home / ".making-123-abc" / "code-server").mkdir(parents=True)
    for content in ("", '{"ide": ', "[]", "{}"):
        (Path(found.path) / "bundle.json").write_text(content)
        assert find_bundle(machine, sources) is None
        assert ensure(machine, sources) == found
    assert sorted(path.name for path in home.iterdir()) == sorted([Path(found.path).name, "lock"])


KILLED = """
import os, signal, sys
from cove.host import files
from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.ide import bundle
step = int(sys.argv[2])
calls = 0
def die(*_):
    global calls
    calls += 1
    if calls > step:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(lambda event, _: die() if event in ("os.rename", "os.mkdir", "os.chmod") else None)
bundle.ensure_bundle(read_machine(), bundle.IdeSources(source=sys.argv[1]), on_progress=print, runner=HostRunner())
"""


@pytest.mark.parametrize("step", [0, 1, 3, 6, 12, 20, 30])
def test_killed_at_any_step_the_next_run_works(machine: Machine, archive: Path, step: int) -> None:
    env = {**os.environ, "COVE_HOME": f"{Path(machine.directories.cache).parent}"}
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(archive), str(step)], env=env, capture_output=True, check=False
    )
    assert ended.returncode == -9, ended.stderr.decode()
    found = ensure(machine, IdeSources(source=str(archive)))
    assert (Path(found.path) / "bin" / "node").read_text() == "node"
    assert len(os.listdir(Path(found.path).parent)) == 2


def test_two_at_once_make_one(machine: Machine, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    began, go_on = threading.Event(), threading.Event()
    make = bundles._make

    def slowly(making: str, *rest: object) -> Bundle:
        made.append(making)
        began.set()
        assert go_on.wait(20)
        return make(making, *rest)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(bundles, "_make", slowly)
    found: list[Bundle] = []
    said: list[str] = []
    sources = IdeSources(source=str(archive))
    threads = [
        threading.Thread(target=lambda: found.append(ensure(machine, sources, said))) for _ in range(2)
    ]
    threads[0].start()
    assert began.wait(20)
    threads[1].start()
    while not any("waiting" in line for line in said):
        threads[1].join(0.01)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert len(made) == 1
    assert found[0] == found[1]


def test_an_exported_bundle_is_a_source(machine: Machine, archive: Path, tmp_path: Path) -> None:
    found = ensure(machine, IdeSources(source=str(archive)))
    target = tmp_path / "export.tar.gz"
    export_bundle(found, str(target))
    once = target.read_bytes()
    export_bundle(found, str(target))
    assert target.read_bytes() == once
    again = ensure(machine, IdeSources(source=str(target), offline=True))
    assert again.path != found.path
    assert (Path(again.path) / "code-server" / "out" / "node" / "entry.js").read_text() == "entry"
    about = json.loads((Path(again.path) / "bundle.json").read_text())
    assert about["source"] == str(target)
