"""podman with storage, configuration and a network of the session's own, by its environment variables alone.

Nothing here helps podman over the faults of a host (runtime, limits): that is cove's to find out.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

from testbed.engine import Engine, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.slot import Slot

CONTAINERS_CONF = """\
[engine]
tmp_dir = "{place}/tmp"
# The default, shared memory, is one for all of root's storages: a new storage would free the locks of another.
lock_type = "file"

[network]
network_backend = "netavark"
network_config_dir = "{place}/networks"
default_network = "{bridge}"
default_subnet = "{network}"
default_subnet_pools = [{{ "base" = "{pool}", "size" = 27 }}]
"""

STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{place}/root"
runroot = "{place}/run"
"""

REGISTRIES_CONF = """\
unqualified-search-registries = ["docker.io"]
short-name-mode = "permissive"

[[registry]]
location = "127.0.0.1"
insecure = true

[[registry]]
location = "{registry}"
insecure = true
"""


def podman_environment(slot: Slot, registry: str) -> dict[str, str]:
    """Write the configuration and return what leads a program to it."""
    place = slot.folder / "p"
    (place / "networks").mkdir(mode=0o755, parents=True, exist_ok=True)
    words = {
        "place": place,
        "bridge": slot.podman_bridge,
        "network": slot.podman_network,
        "pool": slot.podman_pool,
        "registry": registry,
    }
    env = {}
    for variable, name, text in (
        ("CONTAINERS_CONF", "containers.conf", CONTAINERS_CONF),
        ("CONTAINERS_STORAGE_CONF", "storage.conf", STORAGE_CONF),
        ("CONTAINERS_REGISTRIES_CONF", "registries.conf", REGISTRIES_CONF),
    ):
        (place / name).write_text(text.format(**words))
        env[variable] = str(place / name)
    (place / "networks" / f"{slot.podman_bridge}.json").write_text(json.dumps(default_network(slot)))
    return env


def default_network(slot: Slot) -> dict[str, object]:
    """Return podman's default network under a name, an id and a bridge of our own.

    netavark names its iptables chain after the network: two storages with the same name would share and remove it.
    """
    gateway = slot.podman_network.replace(".0/24", ".1")
    return {
        "name": slot.podman_bridge,
        "id": f"{slot.number:02x}".rjust(64, "c"),
        "driver": "bridge",
        "network_interface": slot.podman_bridge,
        "created": "2026-01-01T00:00:00Z",
        "subnets": [{"subnet": slot.podman_network, "gateway": gateway}],
        "ipv6_enabled": False,
        "internal": False,
        "dns_enabled": False,
        "ipam_options": {"driver": "host-local"},
    }


@contextlib.contextmanager
def private_podman(slot: Slot, env: dict[str, str]) -> Iterator[None]:
    """Check that podman uses our storage, and at the end of the block empty it."""
    if shutil.which("podman") is None:
        raise RuntimeError("podman is missing: the live tests need it (./test installs it)")
    engine = Engine("podman", "podman", env)
    root = engine.cli("info", "--format", "{{.Store.GraphRoot}}").stdout.strip()
    if root != f"{slot.folder}/p/root":
        raise RuntimeError(f"podman would use {root}, not the tests' own storage")
    try:
        yield
    finally:
        engine.cli("rm", "--all", "--force", "--time", "0", check=False)
        subprocess.run(
            ["podman", "umount", "--all", "--force"], check=False, capture_output=True, env=environment(env)
        )
        subprocess.run(["ip", "link", "del", slot.podman_bridge], check=False, capture_output=True)
