"""The public Features from a registry that wants a login and speaks TLS by a private authority, installed by both tools."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from testbed.authority import make_authority
from testbed.process import running
from testbed.public import public
from testbed.reference import Reference
from testbed.registry import free_port
from testbed.workspace import write_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.command import Cove
    from testbed.engine import Engine

CONFIG = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {place}/data}}
auth:
  htpasswd: {{realm: features, path: {place}/htpasswd}}
http:
  addr: "{address}"
  tls: {{certificate: {place}/server.crt, key: {place}/server.key}}
"""
PASSWORDS = "ada:$2b$05$nu2fmm20DdeuvqsDUCg3euvU.nStBiNtZKn2SCjJZIxhl0Tb31UmS\n"
"""bcrypt, of "secret"."""
FEATURES: dict[str, dict[str, Any]] = {
    "common-utils": {"installZsh": False, "upgradePackages": False, "username": "ada", "userUid": "1234"},
    "git": {"version": "os-provided"},
    "sshd": {"version": "latest"},
    "python": {"version": "os-provided", "installTools": False},
}
"""Those that want nothing but Debian's packages, with options by which they do. git-lfs always asks elsewhere."""
NAMED = ("oryx",)
"""What those are installed after, if it is there: the reference wants to see it."""
LOOK = """\
dpkg-query -W; cat /etc/passwd /etc/group /etc/sudoers.d/*
stat -c "%A %U %G %n" /usr/local/share/* /usr/local/bin/* /etc/profile.d/*
cat /home/ada/.bashrc | cksum; grep -v ^# /etc/ssh/sshd_config; git --version; python3 --version
"""
"""What the Features left behind."""


class Secured(NamedTuple):
    """A registry, and what leads a tool to it."""

    address: str
    env: dict[str, str]
    """With the authority and with the login."""
    without: dict[str, str]
    """With the authority alone."""


@pytest.fixture
def secured(tmp_path: Path, engine: Engine) -> Iterator[Secured]:
    """Debian's registry, on a port of loopback."""
    place = tmp_path / "registry"
    place.mkdir()
    authority = make_authority(place, ["127.0.0.1"])
    address = f"127.0.0.1:{free_port()}"
    (place / "htpasswd").write_text(PASSWORDS)
    (place / "config.yml").write_text(CONFIG.format(place=place, address=address))
    login = tmp_path / "login"
    shutil.copytree(engine.env["DOCKER_CONFIG"], login)
    word = base64.b64encode(b"ada:secret").decode()
    (login / "config.json").write_text(json.dumps({"auths": {address: {"auth": word}}}))
    program = shutil.which("docker-registry") or "registry"
    trusted = {"NODE_EXTRA_CA_CERTS": str(authority)}
    with running(
        [program, "serve", str(place / "config.yml")], log=place / "log", ready=lambda: listens(address)
    ):
        yield Secured(address, {**trusted, "DOCKER_CONFIG": str(login)}, trusted)


def listens(address: str) -> bool:
    """Whether it answers; it says that plain HTTP is not for it."""
    with contextlib.suppress(OSError):
        try:
            urllib.request.urlopen(f"http://{address}/v2/", timeout=2).close()
        except urllib.error.HTTPError as answer:
            return answer.code == 400
    return False


@pytest.mark.full("public")
@pytest.mark.parametrize("engine", ["docker"], indirect=True, scope="session")
def test_public_features_from_a_registry_of_ones_own(
    cove: Cove, engine: Engine, base_image: str, secured: Secured, tmp_path: Path
) -> None:
    """Published by us, built by both: the same packages, users, files and metadata."""
    at = f"{secured.address}/devcontainers/features"
    for name in (*FEATURES, *NAMED):
        source = tmp_path / "sources" / name
        shutil.copytree(public("features") / "src" / name, source)
        manifest = source / "devcontainer-feature.json"
        # The reference asks the registry of what a Feature is to be installed after.
        manifest.write_text(manifest.read_text().replace("ghcr.io/", f"{secured.address}/"))
        words = ("--registry", secured.address, "--namespace", "devcontainers/features")
        cove("devcontainer", "features", "publish", str(source), *words, env=secured.env).check()
    config = {"image": base_image, "features": {f"{at}/{name}": said for name, said in FEATURES.items()}}
    folder = write_files(tmp_path / "net", {".devcontainer.json": config})
    where = ("--workspace-folder", str(folder))

    refused = cove("devcontainer", "build", *where, env=secured.without)
    assert refused.code == 1
    assert "docker login" in refused.stderr
    stranger = cove("devcontainer", "build", *where, env={"DOCKER_CONFIG": secured.env["DOCKER_CONFIG"]})
    assert stranger.code == 1
    assert "certificate" in stranger.stderr

    ours = cove("devcontainer", "build", *where, "--image-name", "public:ours", env=secured.env)
    assert ours.check().json["outcome"] == "success"
    theirs = Reference(engine)("build", *where, "--image-name", "public:theirs", env=secured.env)
    assert theirs.returncode == 0, theirs.stderr[-4000:]
    assert look(engine, "public:ours") == look(engine, "public:theirs")


def look(engine: Engine, image: str) -> tuple[list[str], Any]:
    """Return what is in an image, and its metadata."""
    inside = engine.cli("run", "--rm", image, "sh", "-c", LOOK).stdout.splitlines()
    (described,) = json.loads(engine.cli("image", "inspect", image).stdout)
    return inside, json.loads(described["Config"]["Labels"]["devcontainer.metadata"])
