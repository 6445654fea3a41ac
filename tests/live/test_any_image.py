"""Any image: each unusual kind opens the editor in Chromium, or is refused with a sentence that says why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import pytest
from testbed.browser import open_workbench, run_in_palette
from testbed.roots import MUSL, OLDEST, import_root
from testbed.workspace import BASE, Workspace, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext
    from testbed.command import Cove
    from testbed.engine import Engine
    from testbed.roots import Root

BUSYBOX = 'RUN ["/bin/busybox", "--install", "-s", "/bin"]\n'
"""Its links are its commands, `sh` among them."""


class Kind(NamedTuple):
    """A kind of image: the Dockerfile after its `FROM`, and what becomes of it."""

    dockerfile: str = ""
    root: Root | None = None
    """What it starts from, where that is not the base image."""
    config: dict[str, object] | None = None
    """devcontainer.json beside the Dockerfile; none: a bare Dockerfile."""
    owner: int = 0
    """Who the folder belongs to."""
    inside: str = "0"
    """Who `id -un; id -u` says one is, as far as it is written here."""
    warned: str = ""
    """What the only warning says."""
    refused: str = ""
    """What the refusal says; empty: the editor opens."""


def built(**members: object) -> dict[str, object]:
    return {"build": {"dockerfile": "Dockerfile"}, **members}


KINDS = {
    "oldest-glibc": Kind(root=OLDEST, inside="root 0"),
    "no-libstdc++": Kind("RUN rm -f /usr/lib/*/libstdc++.so.6*\n", refused="add the package libstdc++6"),
    "no-bash": Kind("RUN rm -f /bin/bash\n", inside="root 0"),
    "no-shell": Kind('RUN ["/bin/rm", "-f", "/bin/bash", "/bin/dash", "/bin/sh"]\n', refused="/bin/sh"),
    "no-home": Kind(
        "RUN useradd --no-create-home --home-dir /nonexistent --uid 4321 worker\nUSER worker\n",
        config=built(),
        inside="worker 4321",
    ),
    "read-only-root": Kind(
        config=built(runArgs=["--read-only"]), inside="root 0", warned="certificate store"
    ),
    "taken-uid": Kind("RUN useradd --create-home --uid 1000 taken\n", owner=1000, inside="dev 1000"),
    "deaf-entrypoint": Kind(
        'ENTRYPOINT ["/bin/sh", "-c", "while :; do sleep 1000; done"]\n', config=built(), inside="root 0"
    ),
    "own-deaf-entrypoint": Kind(
        'ENTRYPOINT ["/bin/sh", "-c", "while :; do sleep 1000; done"]\n',
        config=built(overrideCommand=False),
        inside="root 0",
    ),
    "numbered-user": Kind("USER 5555\n", config=built()),
    "numbered-user-and-group": Kind("USER 5555:5555\n", config=built()),
    "musl": Kind(BUSYBOX, root=MUSL, refused="musl (Alpine), and the editor needs glibc 2.28 or newer"),
    "no-libc": Kind(
        f'{BUSYBOX}RUN ["/bin/busybox", "rm", "-rf", "/lib"]\n', root=MUSL, refused="this image has no glibc"
    ),
    "only-root": Kind(
        "RUN echo root:x:0:0:root:/root:/bin/sh > /etc/passwd; echo root:x:0: > /etc/group; rm /etc/shadow\n",
        owner=1000,
        inside="dev 1000",
    ),
    "no-accounts": Kind("RUN rm -f /etc/passwd /etc/group /etc/shadow\n", config=built()),
    "noexec-tmp": Kind(config=built(runArgs=["--tmpfs", "/tmp:noexec,nosuid"]), inside="root 0"),
    "no-tmp": Kind("RUN rm -rf /tmp /var/tmp\n", inside="root 0"),
    "closed-tmp": Kind(
        "RUN useradd --create-home --uid 4321 worker && chmod 700 /tmp\nUSER worker\n",
        config=built(),
        inside="worker 4321",
    ),
}


class Desk:
    """The workspace of one kind of image."""

    def __init__(self, cove: Cove, engine: Engine, folder: Path, kind: Kind) -> None:
        self.kind = kind
        image = import_root(engine, kind.root) if kind.root else BASE
        files: dict[str, object] = {"Dockerfile": f"FROM {image}\n{kind.dockerfile}", "notes.txt": "mine\n"}
        if kind.config:
            files[".devcontainer.json"] = kind.config
        write_files(folder, files)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, kind.owner, kind.owner)
        folder.chmod(0o777)
        self.workspace = Workspace(cove, folder)

    def check(self, chromium: BrowserContext) -> None:
        """Open it in the browser and type in its terminal, or see it refused."""
        if self.kind.refused:
            said = self.workspace.cove("up", str(self.workspace.folder)).check(3).stderr
            assert self.kind.refused in said
            assert "Traceback" not in said
            assert "/opt/cove" not in said, "no word of how cove does it"
            return
        opened = self.workspace.up("--trust")  # for what goes by runArgs
        warnings = [line for line in self.workspace.said.splitlines() if line.startswith("warning")]
        assert all(self.kind.warned and self.kind.warned in line for line in warnings), warnings
        inside = self.workspace.sh("id -un 2>/dev/null; id -u").split()
        assert inside[-len(self.kind.inside.split()) :] == self.kind.inside.split() or self.kind.inside == "0"
        page = chromium.new_page()
        open_workbench(page, str(opened["url"]))
        run_in_palette(page, "Terminal: Create New Terminal")
        typed = self.workspace.folder / "typed.txt"
        for tick in range(90):
            if typed.exists() and typed.read_text():
                break
            if tick % 30 == 0:  # what is typed before the shell reads, or to a notice, is lost
                page.locator(".xterm-screen").first.click()
                page.wait_for_timeout(3000)
                page.keyboard.type("echo typed > typed.txt\n")
            page.wait_for_timeout(500)
        assert typed.read_text() == "typed\n"


@pytest.mark.parametrize(
    ("engine", "name"), [("docker", "no-tmp"), ("podman", "musl")], indirect=["engine"], scope="session"
)
def test_a_kind(
    cove: Cove, engine: Engine, base_image: str, chromium: BrowserContext, tmp_path: Path, name: str
) -> None:
    Desk(cove, engine, tmp_path / "desk", KINDS[name]).check(chromium)


@pytest.mark.full("any-image")
@pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True, scope="session")
@pytest.mark.parametrize("name", KINDS)
def test_any_kind(
    cove: Cove, engine: Engine, base_image: str, chromium: BrowserContext, tmp_path: Path, name: str
) -> None:
    Desk(cove, engine, tmp_path / "desk", KINDS[name]).check(chromium)
