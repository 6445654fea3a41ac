"""Private authorities and proxies of the host: known to builds and containers, and left in no image."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from testbed.authority import make_authority, served
from testbed.workspace import BASE, Workspace, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.command import Cove
    from testbed.engine import Engine
    from testbed.slot import Slot

PASSWORD = "ada:pass-4711-word"
MARK = "mark-of-42-layers"
"""In a layer alone: the build computes it."""

FETCH = """\
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
"""
DOCKERFILE = f"""\
FROM {BASE} AS base
COPY fetch.py pip.whl /ctx/
FROM base
ARG SECURE
RUN python3 /ctx/fetch.py "$SECURE" > /built-secure
RUN python3 /ctx/fetch.py http://only-the-proxy-knows.invalid/ > /built-proxied
RUN ["python3", "/ctx/pip.whl/pip", "install", "--no-cache-dir", "--break-system-packages", "six"]
RUN echo "mark-of-$((40 + 2))-layers" > /mark
"""


class Network(NamedTuple):
    """What a company's network gives a host."""

    ca: Path
    url: str
    """An HTTPS page that only the authority vouches for."""
    proxy: str
    env: dict[str, str]
    """What its people have in their environment."""


@pytest.fixture
def network(engine: Engine, slot: Slot, tmp_path: Path) -> Iterator[Network]:
    """An authority, a server, a proxy with a password; both reached at the engine's bridge."""
    address = slot.docker_gateway
    if engine.name == "podman":
        address = slot.podman_network.replace(".0/24", ".1")
    folder = tmp_path / "authority of this host"
    folder.mkdir()
    ca = make_authority(folder, [address])
    with served("secure", tls=folder / "server.pem") as secure, served("proxied", password=PASSWORD) as port:
        proxy = f"http://{PASSWORD}@{address}:{port}"
        env = {"COVE_CERTIFICATES": str(ca), "http_proxy": proxy, "HTTP_PROXY": proxy, "NO_PROXY": address}
        yield Network(ca, f"https://{address}:{secure}/", proxy, env)


@pytest.fixture
def project(base_image: str, network: Network, tmp_path: Path) -> Path:
    """A repository whose build needs the network: the authority's server, the proxy, the package index."""
    config = {"build": {"dockerfile": "Dockerfile", "args": {"SECURE": network.url}}}
    folder = write_files(
        tmp_path / "net", {".devcontainer.json": config, "Dockerfile": DOCKERFILE, "fetch.py": FETCH}
    )
    shutil.copy(find_pip(), folder / "pip.whl")
    return folder


def find_pip() -> Path:
    """Return the wheel of pip that Python brings; a wheel runs as it is."""
    import ensurepip

    for place in (Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")):
        for wheel in sorted(place.glob("pip-*.whl")):
            return wheel
    raise RuntimeError("no pip comes with this Python")


@pytest.fixture
def argvs(engine: Engine, tmp_path: Path) -> tuple[dict[str, str], Path]:
    """A PATH on which the engine's command notes its words before it does its work; and the notes."""
    real = shutil.which(engine.name, path=engine.env.get("PATH", os.environ["PATH"]))
    notes = tmp_path / "argvs"
    program = tmp_path / "bin" / engine.name
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{notes}"\nexec "{real}" "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{engine.env.get('PATH', os.environ['PATH'])}"}, notes


@pytest.mark.parametrize(
    "engine",
    ["docker", "podman", pytest.param("docker-legacy", marks=pytest.mark.full("definitions"))],
    indirect=True,
)
def test_up(
    cove: Cove, engine: Engine, network: Network, project: Path, argvs: tuple[dict[str, str], Path]
) -> None:
    """Authority and proxy reach the build and the container; the password is nowhere to be read."""
    path, notes = argvs
    env = {**network.env, **path}
    workspace = Workspace(cove, project)
    opened = workspace.up(env=env)
    assert workspace.sh("cat /built-secure /built-proxied").split() == ["secure", "proxied"]
    assert workspace.sh("python3 -c 'import six; print(six.__name__)'") == "six"

    fetch = "python3 /ctx/fetch.py"
    assert workspace.sh(f"{fetch} {network.url}") == "secure"
    assert workspace.sh(f"env -i /usr/bin/{fetch} {network.url}") == "secure", "the system's own store"
    assert workspace.sh(f"{fetch} http://only-the-proxy-knows.invalid/") == "proxied"
    pip = "python3 /ctx/pip.whl/pip download --quiet --no-deps --no-cache-dir --disable-pip-version-check"
    assert "six" in workspace.sh(f"cd /tmp && {pip} six && ls")
    workspace.workbench()

    inspected = engine.cli("inspect", opened["containerId"]).stdout
    image = json.loads(inspected)[0]["Image"]
    inspected += engine.cli("image", "inspect", image).stdout
    inspected += engine.cli("history", "--no-trunc", "--format", "{{.CreatedBy}}", image).stdout
    assert "only-the-proxy-knows" in inspected, "the history is there"
    for name, text in (("inspect or history", inspected), ("argv", notes.read_text())):
        assert PASSWORD.partition(":")[2] not in text, name
    workspace.cove("stop", opened["name"]).check()
    workspace.up(env=env)
    assert workspace.sh(f"{fetch} http://only-the-proxy-knows.invalid/") == "proxied"


def test_build(
    cove: Cove,
    engine: Engine,
    network: Network,
    project: Path,
    argvs: tuple[dict[str, str], Path],
    tmp_path: Path,
) -> None:
    """What `cove build` makes for others holds nothing of this host; a builder that cannot do it is refused."""
    path, notes = argvs
    built = cove("build", str(project), "--tag", "localhost/cove-test/net:1", env={**network.env, **path})
    if engine.id == "docker-legacy":
        assert built.check(10).stdout == ""
        assert "buildx" in built.stderr
        assert "legacy" in built.stderr
        return
    built.check()
    archive = tmp_path / "image.tar"
    engine.cli("save", "--output", str(archive), "localhost/cove-test/net:1")
    assert MARK in found_in(archive, MARK), "layers lie in the archive as they are"
    body = network.ca.read_text().splitlines()
    secrets = [body[2], str(network.ca), str(cove.home.folder), PASSWORD.partition(":")[2], network.proxy]
    assert found_in(archive, *secrets) == []
    assert PASSWORD.partition(":")[2] not in notes.read_text()
    assert [name for name in names_in(archive) if "cove" in name] == [], "not even an empty file"
    image = json.loads(engine.cli("image", "inspect", "localhost/cove-test/net:1").stdout)[0]
    assert [word for word in image["Config"]["Env"] if "PROXY" in word.upper() or "cove" in word] == []


def found_in(archive: Path, *texts: str) -> list[str]:
    """Return which of the texts are in a file, byte for byte."""
    with archive.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return [text for text in texts if content.find(text.encode()) >= 0]


def names_in(archive: Path) -> Iterator[str]:
    """Return the names of all files in all layers."""
    with tarfile.open(archive) as outer:
        for member in outer:
            layer = outer.extractfile(member) if member.isfile() else None
            with contextlib.suppress(tarfile.ReadError):
                if layer is not None:
                    with tarfile.open(fileobj=layer) as inner:
                        yield from inner.getnames()
