"""A workspace's folder and its counterpart on another machine, kept in step over the connection that is there anyway.

What git ignores stays where it is; git's own folder goes there once, with the first files, and commits then travel as
commits do, by push and pull: two histories cannot be merged file by file.
"""

from __future__ import annotations

import fnmatch
import json
import os
import tarfile
import time
from typing import TYPE_CHECKING

from cove.errors import PlaceError
from cove.host.files import write_atomic
from cove.host.openssh import quote
from cove.host.proc import Command, CommandMissing
from cove.spec.sync import LISTING, Entry, Pair, parse_listing, plan_sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.engines.elsewhere import EngineElsewhere, ThereRunner
    from cove.spec.sync import SyncPlan
    from cove.workspace.address import Address
    from cove.workspace.session import Session

NEVER = (
    ".git",
    "__pycache__",
    ".venv",
    "node_modules",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
)
"""Folders that are not kept in step: what programs make again, and git's own."""
NAMED = 3
"""So many files are named in a sentence."""


def sync_folder(
    session: Session,
    engine: EngineElsewhere,
    folder: str,
    workspace_id: str,
    *,
    both_ways: bool = False,
    ignored: Sequence[str] = (),
) -> SyncPlan:
    """Bring a folder and its counterpart into step, and return what was done.

    `ignored`: further names or patterns (fnmatch). Raises PlaceError.
    """
    over = engine.there
    over.keep_in_step(folder)
    root = over.roots.map(folder)
    kept = f"{session.machine.directories.state}/{workspace_id}/sync.json"
    here = _list_here(session, folder, ignored)
    listed = _list_there(over, root)
    there = {path: entry for path, entry in listed.items() if not is_ignored(path, ignored)}
    there = _without_gits(session, folder, {path: there[path] for path in there if path not in here}, there)
    agreed = _read_agreed(kept, f"{engine.address} {root}")
    plan = plan_sync(here, there, agreed, both_ways=both_ways)
    if not listed and os.path.isdir(f"{folder}/.git"):
        over.carrier.write([(f"{folder}/.git", ".git")], root)
    if not plan.idle:
        with session.progress.step("sync", f"bringing {engine.address.host} into step") as step:
            _carry_out(over, folder, root, plan)
            step.title = describe_plan(plan, engine.address.host)
        here, there = _list_here(session, folder, ignored), _list_there(over, root)
    _write_agreed(kept, f"{engine.address} {root}", here, there, plan)
    if plan.conflicts:
        session.progress.warn(
            f"changed on both sides: {_some(plan.conflicts)}; what {engine.address.host} had is kept beside it there, "
            "under a name that ends in `.there-` and the time"
        )
    if plan.ahead:
        session.progress.note(
            f"{engine.address.host} has {len(plan.ahead)} newer or other files ({_some(plan.ahead)}): "
            "`cove sync --both` brings them here"
        )
    return plan


def describe_plan(plan: SyncPlan, host: str) -> str:
    """Return what a sync did, in a sentence."""
    parts = [
        f"{len(paths)} {what}"
        for paths, what in (
            ((*plan.send, *plan.conflicts), "sent"),
            (plan.remove_there, "removed there"),
            (plan.fetch, "fetched"),
            (plan.remove_here, "removed here"),
        )
        if paths
    ]
    return f"{host} is in step: {', '.join(parts) or 'nothing was new'}"


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:NAMED]) + (", …" if len(paths) > NAMED else "")


def is_ignored(path: str, patterns: Iterable[str]) -> bool:
    """Return whether a relative path, or a folder it lies in, bears a name or matches a pattern that is left out."""
    parts = path.split("/")
    if not set(parts).isdisjoint(NEVER):
        return True
    heads = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return any(
        fnmatch.fnmatchcase(name, pattern.rstrip("/")) for pattern in patterns for name in (*parts, *heads)
    )


# -- what is where


def _list_here(session: Session, folder: str, ignored: Sequence[str]) -> dict[str, Entry]:
    names = _names_by_git(session, folder)
    if names is None:
        names = [
            os.path.relpath(os.path.join(at, name), folder)
            for at, folders, files in os.walk(folder)
            if _prune(folders)
            for name in (*files, *(one for one in folders if os.path.islink(os.path.join(at, one))))
        ]
    found = {}
    for name in names:
        if not is_ignored(name, ignored) and (entry := _read_entry(f"{folder}/{name}")):
            found[name] = entry
    return found


def _prune(folders: list[str]) -> bool:
    folders[:] = [name for name in folders if name not in NEVER]
    return True


def _read_entry(path: str) -> Entry | None:
    import stat

    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return Entry("l", executable=False, size=0, time=0, target=os.readlink(path))
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Entry("f", bool(found.st_mode & 0o100), found.st_size, found.st_mtime_ns)


GIT = (
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false",
    "-c", "safe.directory=*",
)  # fmt: skip


def _names_by_git(session: Session, folder: str) -> list[str] | None:
    """Return what git does not ignore; None where git keeps nothing or is not there."""
    if not os.path.lexists(f"{folder}/.git"):
        return None
    words = (*GIT, "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        outcome = session.runner.run(Command(words, env={"GIT_OPTIONAL_LOCKS": "0"}))
    except CommandMissing:
        return None
    return sorted({name for name in outcome.stdout.split("\0") if name}) if outcome.ok else None


def _without_gits(
    session: Session, folder: str, only_there: Mapping[str, Entry], there: Mapping[str, Entry]
) -> dict[str, Entry]:
    """Return what is there without what this folder's git ignores."""
    if not only_there or not os.path.lexists(f"{folder}/.git"):
        return dict(there)
    words = (*GIT, "-C", folder, "check-ignore", "-z", "--stdin")
    stdin = "\0".join(only_there).encode("utf-8", "surrogateescape")
    try:
        outcome = session.runner.run(Command(words, stdin=stdin))
    except CommandMissing:
        return dict(there)
    left_out = set(outcome.stdout.split("\0"))
    return {path: entry for path, entry in there.items() if path not in left_out}


def _list_there(over: ThereRunner, root: str) -> dict[str, Entry]:
    prunes = " -o ".join(f"-name {quote(name)}" for name in NEVER)
    script = (
        f"umask 077; mkdir -p {quote(root)} && cd {quote(root)} && "
        f"find . \\( {prunes} \\) -prune -o \\( -type f -o -type l \\) -printf {quote(LISTING)}"
    )
    return parse_listing(
        over.connection.check(script, doing="list the workspace's files (it needs GNU find)")
    )


def _read_agreed(path: str, where: str) -> dict[str, Pair]:
    try:
        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
        if kept["where"] != where:
            return {}
        return {
            name: Pair(*(None if side is None else Entry(*side) for side in pair))
            for name, pair in kept["files"].items()
        }
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _write_agreed(
    path: str, where: str, here: Mapping[str, Entry], there: Mapping[str, Entry], plan: SyncPlan
) -> None:
    files: dict[str, tuple[Entry | None, Entry | None]] = {
        name: (here[name], there[name])
        for name in here
        if name in there and name not in plan.ahead and here[name].is_like(there[name])
    }
    # What is ahead there was agreed on before, as it was then.
    before = _read_agreed(path, where)
    files |= {name: (before[name].here, before[name].there) for name in plan.ahead if name in before}
    write_atomic(path, json.dumps({"where": where, "files": files}))


# -- doing


def _carry_out(over: ThereRunner, folder: str, root: str, plan: SyncPlan) -> None:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    if plan.conflicts:
        _there(
            over, root, f'for name; do mv -f -- "$name" "$name.there-{stamp}" || exit 1; done', plan.conflicts
        )
    if plan.remove_there:
        _there(over, root, 'rm -f -- "$@"', plan.remove_there)
    if to_send := sorted((*plan.send, *plan.conflicts)):
        over.carrier.write([(f"{folder}/{name}", name) for name in to_send], root, recursive=False)
    if plan.fetch:
        _fetch(over, folder, root, plan.fetch)
    for name in plan.remove_here:
        if _is_inside(folder, name):
            os.unlink(f"{folder}/{name}")


def _there(over: ThereRunner, root: str, script: str, names: Sequence[str]) -> None:
    stdin = "".join(f"{name}\0" for name in names).encode("utf-8", "surrogateescape")
    over.connection.check(
        f"cd {quote(root)} && exec xargs -0 sh -c {quote(script)} sh",
        stdin=stdin,
        doing="change the workspace's files",
    )


def _fetch(over: ThereRunner, folder: str, root: str, names: Sequence[str]) -> None:
    """Bring files here: each is written beside its place and moved there, never through a link."""
    from cove.host.files import scratch

    with scratch("sync") as staged:
        archive = f"{staged}/archive"
        stdin = "".join(f"./{name}\0" for name in names).encode("utf-8", "surrogateescape")
        _receive(over, root, stdin, archive)
        with tarfile.open(archive, encoding="utf-8", errors="surrogateescape") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if name in names and _is_inside(folder, name):
                    _write_member(tar, member, f"{folder}/{name}")


def _receive(over: ThereRunner, root: str, stdin: bytes, archive: str) -> None:
    import shutil

    from cove.host.proc import stop

    script = f"cd {quote(root)} && exec tar -c -f - --null --no-recursion -T -"
    process = over.connection.pipe(Command(("sh", "-c", script)))
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with process.stdin as words, process.stdout as answer, open(archive, "wb") as file:
            words.write(stdin)
            words.close()
            shutil.copyfileobj(answer, file)
        code = process.wait()
    finally:
        stop(process)
    if code > 1:  # 1: a file changed while it was read; the next sync sees it
        raise PlaceError(
            f"{over.connection.address.host} could not read the workspace's files (tar ended with {code})"
        )


def _is_inside(folder: str, name: str) -> bool:
    """Return whether a path lies in the folder, with no link on the way that leads out of it."""
    at = os.path.realpath(os.path.dirname(f"{folder}/{name}"))
    return f"{at}/".startswith(f"{os.path.realpath(folder)}/") and ".." not in name.split("/")


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    import shutil

    os.makedirs(os.path.dirname(path), exist_ok=True)
    half = f"{path}.cove-half"
    if os.path.lexists(half):
        os.unlink(half)
    if member.issym():
        os.symlink(member.linkname, half)
    elif member.isreg() and (source := tar.extractfile(member)):
        with source, open(half, "xb") as file:
            shutil.copyfileobj(source, file)
        os.chmod(half, member.mode & 0o777)
        os.utime(half, (member.mtime, member.mtime))
    else:
        return
    os.replace(half, path)


# -- asked for


def read_left_out(session: Session, address: Address) -> tuple[str, ...]:
    """Return what a configuration keeps from other machines. Raises ConfigurationError."""
    from cove.workspace.read import read_workspace

    return read_workspace(session.machine, address).configuration.additions.left_out


def sync_workspace(session: Session, word: str | None, *, both_ways: bool) -> tuple[str, SyncPlan]:
    """Bring a workspace's folder into step; return its machine's name and what was done. Raises NotFound, UsageError."""
    from cove.engines.elsewhere import EngineElsewhere
    from cove.errors import UsageError
    from cove.workspace.address import find_desk, read_address

    desk = find_desk(session, word)
    engine = session.engine
    if not isinstance(engine, EngineElsewhere) or not desk.id:
        raise UsageError(
            f"{desk.name} runs on this machine: there is nothing to bring into step",
            hint="`cove up --on ssh://HOST` opens a folder on another one.",
        )
    address = read_address(desk.folder, config=desk.container.labels.get("devcontainer.config_file", ""))
    ignored = read_left_out(session, address)
    plan = sync_folder(session, engine, desk.folder, desk.id, both_ways=both_ways, ignored=ignored)
    return engine.address.host, plan
