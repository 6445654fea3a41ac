"""What docker and podman spell differently, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cove.engines.base import CertificateWay


class Dialect(NamedTuple):
    """One engine's words where they differ from the other's."""

    name: str
    program: str
    """The command, or its absolute path once found."""
    global_flags: tuple[str, ...] = ()
    """Between the program and its subcommand, for every call."""
    run_flags: tuple[str, ...] = ()
    """What this host needs of `run`."""
    hard_limits: tuple[tuple[str, int], ...] = ()
    """Limits of resources that a container cannot be given more of on this host, bytes, -1 for none."""
    build_flags: tuple[str, ...] = ()
    """What this host or the builder needs of `build`."""
    init_words: tuple[str, ...] = ("--init",)
    """What starts a small init in the container; empty where the engine has none to start."""
    without_proxies: tuple[str, ...] = ()
    """What keeps `run` from giving this program's own proxy variables to the container, passwords and all: which of
    them a container gets, and by which way, the request says."""
    keep_ids: bool = False
    """`--userns keep-id` exists and is of use (rootless podman)."""
    keep_ids_as: bool = False
    """`keep-id:uid=,gid=` exists (podman 4.3)."""
    buildkit: bool = False
    """`build` goes through BuildKit."""
    build_env: tuple[tuple[str, str], ...] = ()
    certificate_way: CertificateWay = "copy"
    """How build steps come to see the host's certificate authorities."""
    lists_json: bool = False
    """`ps --format json` gives one JSON array with the labels as an object."""
    prints_import: bool = False
    """`import` takes `--quiet` (docker prints the id alone without it)."""


DOCKER = Dialect(name="docker", program="docker")
PODMAN = Dialect(
    name="podman",
    program="podman",
    # The OCI format drops SHELL, HEALTHCHECK and ONBUILD, which images for docker rely on.
    build_flags=("--format", "docker"),
    without_proxies=("--http-proxy=false",),
    certificate_way="volume",
    lists_json=True,
    prints_import=True,
)
