"""Put the server's programs into the package: `python packages/cove-sshd/make.py [amd64] [arm64]`."""

from __future__ import annotations

import sys
from pathlib import Path

from cove.host.machine import read_machine
from cove.host.proc import HostRunner
from cove.ssh.build import build_server
from cove.ssh.recipe import TARGETS
from cove.ssh.server import read_server
from cove.workspace.session import read_settings

PACKAGE = Path(__file__).parent / "src" / "cove_sshd"


def main(arches: list[str]) -> None:
    """Build the server for these architectures, or for all."""
    machine = read_machine()
    settings = read_settings(machine)
    for arch in arches or list(TARGETS):
        folder = str(PACKAGE / arch)
        build_server(folder, arch, machine, HostRunner(), tell=print, index=settings.pypi_index)
        server = read_server(folder)
        print(f"{arch}: OpenSSH {server.version}, {', '.join(server.programs)}")


if __name__ == "__main__":
    main(sys.argv[1:])
