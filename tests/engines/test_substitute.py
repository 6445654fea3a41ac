from __future__ import annotations

import os
import subprocess
import time

import pytest

from cove.engines import substitute
from cove.engines.base import EngineInfo
from cove.engines.substitute import (
    FOR_CONTAINERS,
    FOR_SLIM,
    Source,
    SubstitutePlan,
    build_substitute,
    choose_mirrors,
    missing_tool,
    parse_sources,
    plan_substitute,
    render_mirrors,
    render_mmdebstrap,
)
from cove.errors import EngineError, NetworkError
from cove.testing import FakeRunner

MAIN, SECURITY = "http://mirror.example/debian", "http://mirror.example/debian-security"


@pytest.mark.parametrize(
    ("reference", "origin", "suite", "slim"),
    [
        ("debian:bookworm-slim", "debian:bookworm-slim", "bookworm", True),
        ("debian:bookworm", "debian:bookworm", "bookworm", False),
        ("debian:12-slim", "debian:12-slim", "bookworm", True),
        ("debian", "debian:latest", "stable", False),
        ("debian:latest", "debian:latest", "stable", False),
        ("debian:stable-slim", "debian:stable-slim", "stable", True),
        ("docker.io/library/debian:trixie", "debian:trixie", "trixie", False),
        ("docker.io/debian:11", "debian:11", "bullseye", False),
        ("library/debian:sid", "debian:sid", "sid", False),
    ],
)
def test_plain_debian_can_be_made_here(reference: str, origin: str, suite: str, *, slim: bool) -> None:
    plan = plan_substitute(reference)
    assert plan == SubstitutePlan(origin, f"localhost/cove/base/{origin}", suite, slim)


@pytest.mark.parametrize(
    "reference",
    [
        "ubuntu:24.04", "python:3.12-slim-bookworm", "debian:12.5", "debian:bookworm-20250101", "debian:bookworm-backports",
        "debian@sha256:" + "a" * 64, "debian:bookworm@sha256:" + "a" * 64, "ghcr.io/library/debian:12", "me/debian:12",
        "debian:", "debian:-slim", "localhost/debian:12", "debian:experimental", "debian-x:12",
    ],
)  # fmt: skip
def test_anything_else_cannot(reference: str) -> None:
    assert plan_substitute(reference) is None


DEB822 = f"""# the mirror
Types: deb
URIs: {MAIN}/
Suites: bookworm bookworm-updates
# a comment in between
Components: main

Types: deb deb-src
URIs: {SECURITY}
Suites: bookworm-security
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/debian
Suites: trixie
Enabled: no

Types: deb-src
URIs: http://src.example/debian
Suites: bookworm
"""


def test_sources_in_both_formats() -> None:
    assert parse_sources(DEB822) == [
        Source(MAIN, "bookworm"), Source(MAIN, "bookworm-updates"), Source(SECURITY, "bookworm-security"),
    ]  # fmt: skip
    text = f"# deb http://no.example x\n deb [arch=amd64 signed-by=/k] {MAIN}/ bookworm main\ndeb-src http://s bookworm x"
    assert parse_sources(text) == [Source(MAIN, "bookworm")]


def test_mirrors_are_debians_and_reachable_from_a_container() -> None:
    sources = [
        Source("https://other.example/apt", "nodistro"),
        Source("file:/srv/debian", "bookworm"),
        Source("http://mirror.example/ubuntu", "noble"),
        Source(SECURITY, "bookworm-security"),
        Source(MAIN, "bookworm"),
        Source("http://second.example/debian", "bookworm"),
    ]
    assert choose_mirrors(sources) == (MAIN, SECURITY)
    assert choose_mirrors(sources[:3]) == ("", "")


def test_mirror_lines() -> None:
    signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    assert render_mirrors("trixie", MAIN, SECURITY) == (
        f"deb {signed} {MAIN} trixie main",
        f"deb {signed} {MAIN} trixie-updates main",
        f"deb {signed} {SECURITY} trixie-security main",
    )
    assert render_mirrors("sid", MAIN, SECURITY) == (f"deb {signed} {MAIN} sid main",)
    assert len(render_mirrors("trixie", MAIN, "")) == 2
    assert render_mirrors("trixie", "", SECURITY) == ()


def test_mmdebstrap() -> None:
    slim = render_mmdebstrap(plan_substitute("debian:12-slim"), "/a.tar", ["deb m"])
    assert slim[0] == "mmdebstrap"
    assert slim[-3:] == ("bookworm", "/a.tar", "deb m")
    assert "--include=usr-is-merged" in slim
    assert sum(word.startswith("--customize-hook=") for word in slim) == 2
    old = render_mmdebstrap(plan_substitute("debian:11"), "/a.tar", [])
    assert not [word for word in old if "merged" in word]
    assert sum(word.startswith("--customize-hook=") for word in old) == 1


def test_the_hooks_leave_what_an_official_image_has(tmp_path) -> None:
    root = tmp_path / "root"
    for folder in (
        "usr/sbin", "etc/apt/apt.conf.d", "etc/dpkg/dpkg.cfg.d", "usr/share/doc/bash", "usr/share/doc/empty",
        "usr/share/man/man1", "usr/share/locale/de", "var/cache/apt",
    ):  # fmt: skip
        (root / folder).mkdir(parents=True)
    for name in (
        "etc/hostname", "etc/resolv.conf", "var/cache/apt/pkgcache.bin", "usr/share/doc/bash/copyright",
        "usr/share/doc/bash/README", "usr/share/man/man1/ls.1", "usr/share/locale/locale.alias",
        "usr/share/locale/de/x.mo", "etc/apt/apt.conf.d/99mmdebstrap",
    ):  # fmt: skip
        (root / name).write_text("x")
    for hook in (FOR_CONTAINERS, FOR_SLIM):
        subprocess.run(["sh", "-c", hook, "hook", str(root)], check=True)
    left = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert left == {
        "usr/sbin/policy-rc.d", "etc/apt/apt.conf.d/50container", "etc/dpkg/dpkg.cfg.d/50container",
        "etc/dpkg/dpkg.cfg.d/60slim", "usr/share/doc/bash/copyright", "usr/share/locale/locale.alias",
    }  # fmt: skip
    assert subprocess.run([root / "usr/sbin/policy-rc.d"], check=False).returncode == 101
    assert not (root / "usr/share/doc/empty").exists()


class Importer:
    """Stands for an engine that only imports."""

    def __init__(self, arch: str = "amd64") -> None:
        self.arch = arch
        self.imported: list[tuple[str, str, tuple[str, ...]]] = []

    def info(self) -> EngineInfo:
        return EngineInfo("docker", "1", rootless=False, remote=False, buildkit=False, arch=self.arch)

    def import_image(self, archive: str, reference: str, changes) -> str:
        self.imported.append((archive, reference, tuple(changes)))
        return "sha256:1"


PLAN = plan_substitute("debian:12-slim")


@pytest.fixture(autouse=True)
def sources(monkeypatch) -> None:
    monkeypatch.setattr(substitute, "read_sources", lambda: parse_sources(DEB822))


def write_archive(command) -> None:
    archive = next(word for word in command.argv if ".tar" in word and not word.startswith("-"))
    with open(archive, "w") as file:
        file.write("tar")


def test_build_and_build_again(machine) -> None:
    said = "I: running apt-get update...\nI: running --customize-hook in shell: sh -c 'set -eu\nrm x\n"
    runner = FakeRunner().answer("mmdebstrap", stdout=said, effect=write_archive)
    engine, lines = Importer(), []
    for _ in range(2):
        assert (
            build_substitute(PLAN, engine, runner, machine, lines.append)
            == "localhost/cove/base/debian:12-slim"
        )
    assert len(runner.commands) == 1
    (archive, reference, changes), again = engine.imported
    assert again == (archive, reference, changes)
    assert "LABEL cove.substitute=debian:12-slim" in changes
    assert lines[0] == "running apt-get update..."
    assert not [line for line in lines if "set -eu" in line or line == "rm x"]
    os.utime(archive, (1, time.time() - substitute.FRESH_SECONDS - 1))
    build_substitute(PLAN, engine, runner, machine, lines.append)
    assert len(runner.commands) == 2


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Err: Temporary failure resolving 'm'\nE: apt-get update failed", NetworkError),
        ("E: no space", EngineError),
    ],
)
def test_failures_leave_nothing_behind(machine, said: str, error: type[Exception]) -> None:
    runner = FakeRunner().answer("mmdebstrap", stdout=said, code=25, effect=write_archive)
    with pytest.raises(error) as caught:
        build_substitute(PLAN, Importer(), runner, machine, print)
    assert type(caught.value) is error
    assert said.splitlines()[-1] in caught.value.detail
    assert os.listdir(f"{machine.directories.cache}/bases") == ["lock"]


def test_no_mmdebstrap_and_no_other_architecture(machine) -> None:
    with pytest.raises(EngineError, match="mmdebstrap is not installed"):
        build_substitute(PLAN, Importer(), FakeRunner(), machine, print)
    with pytest.raises(EngineError, match="arm64"):
        build_substitute(PLAN, Importer("arm64"), FakeRunner(), machine, print)


def test_missing_tools(machine, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(substitute, "KEYRING", str(tmp_path / "keyring"))
    assert missing_tool(PLAN, machine) == ("mmdebstrap", "debian-archive-keyring", "uidmap")
    (tmp_path / "keyring").touch()
    for name in ("mmdebstrap", "newuidmap"):
        (tmp_path / "bin" / name).touch(mode=0o755)
    assert missing_tool(PLAN, machine) == ()
