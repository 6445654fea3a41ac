"""Whose the files are: cove as an ordinary user and as root, with every kind of user inside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from testbed.person import give_image
from testbed.registry import free_port
from testbed.workspace import BASE, fetch, make_vsix, write_files

from cove.ide.base import MOUNTED_AT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from testbed.command import Cove, Result
    from testbed.engine import Engine
    from testbed.person import Person

pytestmark = pytest.mark.parametrize("engine", ["docker", "podman"], indirect=True)
"""How an image is built changes nothing here. An ordinary user's podman is rootless."""

WORKER = f"""\
FROM {BASE}
RUN useradd --create-home --uid 4321 --shell /bin/bash worker && echo kept > /home/worker/kept \\
 && chown worker:worker /home/worker/kept
"""
FACTS = """
echo "$(id -un) $(id -u) $(id -g) $HOME $(stat -c %u "$HOME") $(getent passwd "$(id -u)" | cut -d: -f7)"
echo x > made
[ "$(ulimit -Hs)" -ge 65536 ] && [ "$(df -k --output=size /dev/shm | tail -1)" -gt 1000000 ] || exit 1
for cache in "$HF_HUB_CACHE" "$PIP_CACHE_DIR" "$npm_config_cache"; do
  mkdir -p "$cache" && echo x > "$cache/made" && rm "$cache/made" || exit 1
done
"""


class Case(NamedTuple):
    """A repository, and what is promised about the user inside and the owner of what they make."""

    files: Mapping[str, object]
    inside: str
    """What FACTS prints; HOST stands for the host user's id."""
    owner: str
    """Of the file on the host: `host`, or the number of whoever it is inside."""
    group: bool = True
    """Its group is the host user's as well."""
    open: bool = False
    """The folder must be writable for all: the user inside is nobody the host's user could be on this engine."""


def config(**members: object) -> dict[str, object]:
    return {"build": {"dockerfile": "Dockerfile"}, **members}


CASES = {
    "bare": Case({"Dockerfile": f"FROM {BASE}\n"}, "dev HOST HOST /home/dev HOST /bin/bash", "host"),
    "named": Case(
        {"Dockerfile": WORKER, ".devcontainer.json": config(remoteUser="worker")},
        "worker HOST HOST /home/worker HOST /bin/bash",
        "host",
    ),
    "update-off": Case(
        {
            "Dockerfile": WORKER,
            ".devcontainer.json": config(
                remoteUser="worker",
                updateRemoteUserUID=False,
                customizations={"vscode": {"extensions": ["quiet.vsix"]}},
            ),
        },
        "worker 4321 4321 /home/worker 4321 /bin/bash",
        "4321",
        open=True,
    ),
    "root": Case(
        {"Dockerfile": WORKER, ".devcontainer.json": config(remoteUser="root")},
        "root 0 0 /root 0 /bin/bash",
        "0",
    ),
    "number": Case(
        {"Dockerfile": f"{WORKER}USER 4321:4321\n"},
        "worker 4321 4321 /home/worker 4321 /bin/bash",
        "4321",
        open=True,
    ),
    "unknown-number": Case(
        {"Dockerfile": f"{WORKER}USER 5555\n"}, "5555 5555 0 / 0", "5555", group=False, open=True
    ),
}


class Desk:
    """cove in someone's hands."""

    def __init__(self, cove: Callable[..., Result], folder: Path) -> None:
        self.cove = cove
        self.folder = folder
        self.opened: dict[str, Any] = {}

    def check(self, case: Case, uid: int, gid: int, *, rootless: bool) -> None:
        """Bring it up, look at both sides, and remove it."""
        before = owners(self.folder)
        self.opened = self.cove("up", str(self.folder), "--json").check().json
        status, page = fetch(self.opened["url"])
        assert (status, "workbench" in page) == (200, True)
        inside = case.inside.replace("HOST HOST", f"{uid} {gid}").replace("HOST", str(uid))
        told = self.cove("exec", self.opened["name"], "--", "sh", "-c", FACTS).check().stdout.split()
        assert told[: len(inside.split())] == inside.split()  # podman gives a user without an account one
        if "quiet.vsix" in str(case.files):
            show = f"cat {MOUNTED_AT}/extensions/cove-test.quiet-*/package.json"
            assert "quiet" in self.cove("exec", self.opened["name"], "--", "sh", "-c", show).check().stdout
        made = (self.folder / "made").stat()
        if case.owner == "host" or rootless:
            assert made.st_uid == uid
            assert made.st_gid == gid or not case.group
        else:
            assert made.st_uid == int(case.owner)
        assert {path: owner for path, owner in owners(self.folder).items() if path in before} == before
        self.cove("rm", self.opened["name"], "--data").check()
        listed = self.cove("ls", "--json").check().json["workspaces"]
        assert self.opened["name"] not in [one["name"] for one in listed]


def owners(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return owner, group and mode of everything in a folder."""
    found = [folder, *folder.rglob("*")]
    return {str(path): (one.st_uid, one.st_gid, one.st_mode) for path in found for one in [path.lstat()]}


@pytest.fixture(scope="module")
def person(engine: Engine, base_image: str, ordinary_user: Person) -> Person:
    """The user, with the base image where their engine finds it."""
    give_image(ordinary_user, engine)
    return ordinary_user


@pytest.fixture(scope="module")
def door() -> dict[str, str]:
    """Where this module's gateway listens: not where another session's does."""
    return {"COVE_GATEWAY_PORT": str(free_port())}


@pytest.mark.parametrize(
    "name",
    ["bare", "named", *(pytest.param(name, marks=pytest.mark.full("definitions")) for name in [*CASES][2:])],
)
def test_an_ordinary_user(engine: Engine, person: Person, door: dict[str, str], name: str) -> None:
    case = CASES[name]
    folder = write_files(person.home / f"{engine.name}-{name}", case.files)
    make_vsix(folder / "quiet.vsix", "quiet")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, person.uid, person.gid)
        path.chmod(0o700)
    if case.open:
        folder.chmod(0o777)

    def cove(*words: str) -> Result:
        return person.cove(engine, *words, cwd=folder, env=door, umask=0o077)

    Desk(cove, folder).check(case, person.uid, person.gid, rootless=engine.name == "podman")


@pytest.mark.parametrize("name", ["bare", pytest.param("named", marks=pytest.mark.full("definitions"))])
def test_root_in_somebodys_folder(cove: Cove, base_image: str, tmp_path: Path, name: str) -> None:
    """cove as root: the files stay their owner's, who need not even have an account here."""
    folder = write_files(tmp_path / name, CASES[name].files)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 1234, 2345)
    Desk(cove, folder).check(CASES[name], 1234, 2345, rootless=False)
