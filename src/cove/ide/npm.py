"""The npm road: the editor from the npm registry, without a compiler and without running anyone's install scripts.

What is not needed is struck from the package's own lists before anything is fetched, the three folders are installed
side by side, and Node comes meanwhile.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from cove.errors import NetworkError
from cove.host import files
from cove.host.archive import extract_archive
from cove.host.proc import Command, CommandMissing
from cove.ide import code_server
from cove.ide.node import client_environment, fetch_node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cove.host.machine import Machine
    from cove.host.proc import Outcome, Runner
    from cove.ide.node import Node

INSTALL_SECONDS = 900.0
QUIET = ("--no-audit", "--no-fund", "--no-progress", "--loglevel=error", "--ignore-scripts")


class NpmRoad:
    """One run of it, in a working folder that is thrown away; the editor is left in `folder/code-server`."""

    def __init__(
        self,
        folder: str,
        arch: str,
        machine: Machine,
        runner: Runner,
        on_progress: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self.arch = arch
        self.machine = machine
        self.runner = runner
        self.on_progress = on_progress

    def run(self) -> None:
        """Leave `bin/node` and `code-server/` in the folder. Raises NetworkError."""
        from concurrent.futures import ThreadPoolExecutor

        work = f"{self.folder}/.work"
        os.makedirs(f"{work}/node")
        with ThreadPoolExecutor(3) as pool:
            coming = pool.submit(fetch_node, f"{work}/node", self.arch, self.machine, self.runner)
            packed = pool.submit(self.fetch_package, work, ("npm",))
            node = coming.result()
            self.on_progress(f"editor: Node {code_server.NODE_MAJOR} is here")
            if not packed.result():
                self.fetch_package(work, node.npm, required=True)
            self.on_progress(f"editor: code-server {code_server.VERSION} is here, installing what it needs")
            package = f"{self.folder}/code-server"
            jobs = [
                pool.submit(self.install, f"{package}/{name}", node)
                for name in reversed(code_server.PACKAGE_FOLDERS)
            ]
            for count, job in enumerate(jobs, 1):
                job.result()
                self.on_progress(f"editor: {count} of {len(jobs)} parts installed")
        os.makedirs(f"{self.folder}/bin", exist_ok=True)
        os.rename(node.binary, f"{self.folder}/bin/node")
        copy_stand_ins(package)
        files.remove_tree(work)

    def fetch_package(self, work: str, npm: tuple[str, ...], *, required: bool = False) -> bool:
        """Fetch and unpack code-server's own package; False when this npm is not there or cannot."""
        argv = (*npm, "pack", f"{code_server.NAME}@{code_server.VERSION}", *QUIET)
        try:
            outcome = self.npm(argv, work)
        except CommandMissing:
            return False
        archive = f"{work}/{code_server.NAME}-{code_server.VERSION}.tgz"
        if not outcome.ok or not os.path.isfile(archive):
            if required:
                raise self.failed("the editor's package", outcome.last_lines())
            return False
        extract_archive(archive, f"{work}/unpacked")
        os.rename(f"{work}/unpacked/package", f"{self.folder}/code-server")
        os.unlink(archive)
        return True

    def install(self, folder: str, node: Node) -> None:
        """Install what the lists of one folder ask for, less what is left out."""
        strike_left_out(folder)
        outcome = self.npm((*node.npm, "ci", "--omit=dev", "--legacy-peer-deps", *QUIET), folder)
        if not outcome.ok:
            raise self.failed(f"what {os.path.relpath(folder, self.folder)} needs", outcome.last_lines())

    def npm(self, argv: tuple[str, ...], folder: str) -> Outcome:
        """Run npm; its own settings and the person's npmrc hold."""
        path = f"{os.path.dirname(argv[0])}:{self.machine.env.get('PATH', os.defpath)}"
        environment = {**client_environment(self.machine.env), **self.platform()}
        environment |= {"PATH": path} if "/" in argv[0] else {}
        return self.runner.run(Command(argv, env=environment, cwd=folder, timeout=INSTALL_SECONDS))

    def platform(self) -> Mapping[str, str]:
        """Return npm's settings that choose binaries for the container rather than for this machine."""
        return {
            "npm_config_os": "linux",
            "npm_config_cpu": code_server.NODE_ARCHES[self.arch],
            "npm_config_libc": "glibc",
        }

    def failed(self, what: str, said: str) -> NetworkError:
        """Return the error for an npm that could not."""
        return NetworkError(
            f"npm could not fetch {what}",
            hint="The registry is the setting `npm_registry`, else that of npmrc; or give an editor with --ide-source FILE.",
            detail=said,
        )


def strike_left_out(folder: str) -> None:
    """Strike LEFT_OUT and everything for development from a folder's package.json and shrinkwrap, alike."""
    lists = {}
    for name in ("package.json", "npm-shrinkwrap.json"):
        with open(f"{folder}/{name}", encoding="utf-8") as file:
            lists[name] = json.load(file)
    for table in (lists["package.json"], lists["npm-shrinkwrap.json"]["packages"][""]):
        table.pop("devDependencies", None)
        for kind in ("dependencies", "optionalDependencies"):
            for name in code_server.LEFT_OUT:
                table.get(kind, {}).pop(name, None)
    for name, content in lists.items():
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            json.dump(content, file)


def copy_stand_ins(package: str) -> None:
    """Put cove's stand-ins where the compiled modules would be."""
    import shutil

    here = os.path.dirname(os.path.abspath(__file__))
    for name, target in code_server.STAND_INS.items():
        shutil.copytree(f"{here}/stand_ins/{name}", f"{package}/{target}", dirs_exist_ok=True)
