"""A Debian base image built here, for when its registry cannot be reached but a Debian mirror can.

The official images are made the same way: the packages of a minimal system unpacked into a folder, a few settings
for life in a container, for the slim ones without documentation and translations (github.com/debuerreotype). The
result is named apart and labelled, so nobody takes it for the official one.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import EngineError, NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cove.engines.base import Engine
    from cove.host.machine import Machine
    from cove.host.proc import OnLine, Runner

LABEL = "cove.substitute"
FRESH_SECONDS = 7 * 24 * 3600
"""How long a root archive is used again before the mirror is asked for newer packages."""

RELEASES = {
    "11": "bullseye",
    "12": "bookworm",
    "13": "trixie",
    "14": "forky",
    "latest": "stable",
    "": "stable",
}
SUITES = frozenset({*RELEASES.values(), "oldoldstable", "oldstable", "stable", "testing", "sid", "unstable"})
ROLLING = frozenset({"sid", "unstable"})
"""These have neither updates nor security suites."""
UNMERGED = frozenset({"bullseye", "oldoldstable"})
"""Here /bin and /usr/bin are still two folders, as in the official images. Elsewhere they are made one before anything
is unpacked: otherwise a package that converts them comes in, and all of Perl with it (46 MB, a third of the time)."""
MERGE_HOOK = "/usr/share/mmdebstrap/hooks/merged-usr"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MEMORY_FOLDER = "/dev/shm"  # noqa: S108 - mmdebstrap makes a private folder in it
ROOM_BYTES = 2 << 30

CHANGES = ("ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 'CMD ["bash"]')

# Each is run with the root folder as $1. Written for the same ends as in the official images: no services on
# installation, no package archives and translations kept, no waiting for the disk; nothing of this machine's name.
FOR_CONTAINERS = r"""set -eu
printf '#!/bin/sh\nexit 101\n' > "$1/usr/sbin/policy-rc.d"
chmod 755 "$1/usr/sbin/policy-rc.d"
cat > "$1/etc/apt/apt.conf.d/50container" <<'END'
APT::Keep-Downloaded-Packages "false";
Binary::apt::APT::Keep-Downloaded-Packages "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
END
echo force-unsafe-io > "$1/etc/dpkg/dpkg.cfg.d/50container"
rm -f "$1"/var/cache/apt/*.bin "$1"/var/log/dpkg.log "$1"/var/log/apt/* "$1"/var/cache/debconf/*-old
rm -f "$1/etc/hostname" "$1/etc/resolv.conf" "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
"""
FOR_SLIM = r"""set -eu
cat > "$1/etc/dpkg/dpkg.cfg.d/60slim" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/groff/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
END
find "$1/usr/share/doc" ! -type d ! -name copyright -delete
find "$1/usr/share/doc" -mindepth 1 -type d -empty -delete
for folder in man info groff lintian; do
    [ ! -d "$1/usr/share/$folder" ] || find "$1/usr/share/$folder" -mindepth 1 -delete
done
find "$1/usr/share/locale" -mindepth 1 ! -name locale.alias -delete
"""


class SubstitutePlan(NamedTuple):
    """A Debian base image to build."""

    origin: str
    """What it stands for: `debian:bookworm-slim`."""
    reference: str
    """What it is called here: `localhost/cove/base/debian:bookworm-slim`."""
    suite: str
    slim: bool


class Source(NamedTuple):
    """One place that apt fetches from."""

    uri: str
    suite: str


# -- planning ----------------------------------------------------------------------------------------------------------


def plan_substitute(reference: str) -> SubstitutePlan | None:
    """Return how to build a base image here, or None when it is not a plain Debian one of a release as a whole.

    A digest or a dated tag names one exact image, which cannot be had this way.
    """
    match = re.fullmatch(r"(?:(?:index\.)?docker\.io/)?(?:library/)?debian(?::([\w.-]+))?", reference)
    if not match:
        return None
    tag = match[1] or ""
    release, slim = tag.removesuffix("-slim"), tag.endswith("-slim")
    suite = RELEASES.get(release, release)
    if suite not in SUITES or tag == "-slim":
        return None
    name = tag or "latest"
    return SubstitutePlan(f"debian:{name}", f"localhost/cove/base/debian:{name}", suite, slim)


def missing_tool(plan: SubstitutePlan, machine: Machine) -> tuple[str, ...]:  # noqa: ARG001 - each base may need others
    """Return the packages that must be installed first; empty when all is there."""
    from cove.engines.choose import which

    packages: tuple[str, ...] = () if which("mmdebstrap", machine) else ("mmdebstrap",)
    packages += () if os.path.exists(KEYRING) else ("debian-archive-keyring",)
    if not machine.is_root and not which("newuidmap", machine):
        packages += ("uidmap",)
    return packages


def parse_sources(text: str) -> list[Source]:
    """Return what apt fetches packages from, by a sources file in either format (sources.list(5))."""
    return _parse_deb822(text) if re.search(r"^Types:", text, re.MULTILINE) else _parse_one_line(text)


def _parse_one_line(text: str) -> list[Source]:
    pattern = re.compile(r"^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", re.MULTILINE)
    return [Source(found[1].rstrip("/"), found[2]) for found in pattern.finditer(text)]


def _parse_deb822(text: str) -> list[Source]:
    sources: list[Source] = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = "\n".join(line for line in paragraph.splitlines() if not line.startswith("#"))
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", lines, re.MULTILINE))
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled", "yes").strip() == "no":
            continue
        uris, suites = fields.get("URIs", "").split(), fields.get("Suites", "").split()
        sources += [Source(uri.rstrip("/"), suite) for uri in uris for suite in suites]
    return sources


def choose_mirrors(sources: Iterable[Source]) -> tuple[str, str]:
    """Return the host's mirror of Debian and its mirror of Debian's security updates; empty where it has none."""
    main, security = "", ""
    for source in sources:
        if not source.uri.startswith(("http://", "https://")):
            continue  # a file or a CD is not there for the container
        base = source.suite.removesuffix("-security").removesuffix("/updates")
        if base != source.suite and base in SUITES:
            security = security or source.uri
        elif source.suite in SUITES:
            main = main or source.uri
    return main, security


def render_mirrors(suite: str, main: str, security: str) -> tuple[str, ...]:
    """Return the lines for mmdebstrap; none where the host has no mirror, since it knows Debian's own by itself."""
    if not main:
        return ()
    option = f"[signed-by={KEYRING}] "
    lines = [f"deb {option}{main} {suite} main"]
    if suite not in ROLLING:
        lines.append(f"deb {option}{main} {suite}-updates main")
        lines += [f"deb {option}{security} {suite}-security main"] if security else []
    return tuple(lines)


def render_mmdebstrap(plan: SubstitutePlan, archive: str, mirrors: Sequence[str]) -> tuple[str, ...]:
    """Return the call that makes the root archive."""
    hooks = (FOR_CONTAINERS, FOR_SLIM) if plan.slim else (FOR_CONTAINERS,)
    merge = () if plan.suite in UNMERGED else (f"--hook-dir={MERGE_HOOK}", "--include=usr-is-merged")
    return (
        "mmdebstrap",
        "--variant=minbase",
        "--format=tar",
        "--dpkgopt=force-unsafe-io",
        '--aptopt=Acquire::Languages "none"',
        *merge,
        *(f"--customize-hook={hook}" for hook in hooks),
        plan.suite,
        archive,
        *mirrors,
    )


# -- building ----------------------------------------------------------------------------------------------------------


def build_substitute(
    plan: SubstitutePlan, engine: Engine, runner: Runner, machine: Machine, on_line: OnLine
) -> str:
    """Build the base image with the host's Debian mirror, or from the archive of an earlier time; return its name.

    Raises NetworkError when the mirror cannot be reached either, EngineError for anything else.
    """
    import hashlib

    from cove.host.files import locked

    info = engine.info()
    if info.arch and info.arch != machine.arch:
        raise EngineError(f"cannot build {plan.origin} here for another architecture ({info.arch})")
    mirrors = render_mirrors(plan.suite, *choose_mirrors(read_sources()))
    identity = "\0".join((*render_mmdebstrap(plan, "", mirrors), machine.arch))
    folder = f"{machine.directories.cache}/bases"
    archive = f"{folder}/{hashlib.sha256(identity.encode()).hexdigest()}.tar"
    with locked(
        f"{folder}/lock", on_wait=lambda: on_line("another cove builds a base image; waiting for it")
    ):
        if not _is_fresh(archive):
            _make_archive(plan, archive, mirrors, runner, on_line)
        on_line(f"importing {os.path.getsize(archive) >> 20} MB as {plan.reference}")
        engine.import_image(archive, plan.reference, (*CHANGES, f"LABEL {LABEL}={plan.origin}"))
    return plan.reference


def read_sources() -> list[Source]:
    """Return this host's apt sources; none where it has no apt."""
    texts: list[str] = []
    folder = "/etc/apt/sources.list.d"
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for path in (
        "/etc/apt/sources.list",
        *(f"{folder}/{name}" for name in names if name.endswith((".list", ".sources"))),
    ):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        except OSError:
            continue
    return [source for text in texts for source in parse_sources(text)]


def _make_archive(
    plan: SubstitutePlan, archive: str, mirrors: Sequence[str], runner: Runner, on_line: OnLine
) -> None:
    """Run mmdebstrap into a file of its own, which takes the archive's name when it is whole."""
    from cove.host.proc import Command, CommandMissing

    partial = f"{archive}.{os.getpid()}"
    argv = render_mmdebstrap(plan, partial, mirrors)
    try:
        outcome = runner.stream(Command(argv, env=_scratch()), lambda line: _tell(line, on_line))
        if not outcome.ok:
            raise plan_failure(plan, outcome.stdout)
        os.replace(partial, archive)
    except CommandMissing as error:
        raise EngineError("mmdebstrap is not installed", hint="Install the package mmdebstrap.") from error
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def _tell(line: str, on_line: OnLine) -> None:
    """Hand on mmdebstrap's own steps, not the text of the hooks that it repeats."""
    if line.startswith(("I: ", "W: ", "E: ")) and "-hook " not in line:
        on_line(line[3:])


def plan_failure(plan: SubstitutePlan, said: str) -> EngineError | NetworkError:
    """Return the error for what mmdebstrap wrote before it gave up."""
    from cove.engines.install import OFFLINE

    tail = "\n".join(said.splitlines()[-12:])
    if OFFLINE.search(said):
        return NetworkError(
            f"cannot build {plan.origin} here: this machine's Debian mirror cannot be reached either",
            hint="Check the network and /etc/apt/sources.list.",
            detail=tail,
        )
    return EngineError(f"cannot build {plan.origin} here: mmdebstrap failed", detail=tail)


def _scratch() -> dict[str, str]:
    """Return where to unpack: in memory if there is room, which takes about half the time of a disk."""
    try:
        room = os.statvfs(MEMORY_FOLDER)
    except OSError:
        return {}
    runs = not room.f_flag & getattr(os, "ST_NOEXEC", 8)
    enough = min(room.f_bavail * room.f_frsize, _available_memory()) > ROOM_BYTES
    return {"TMPDIR": MEMORY_FOLDER} if runs and enough else {}


def _available_memory() -> int:
    """Return the memory that can be used without swapping, in bytes; 0 where the kernel does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found = re.search(r"^MemAvailable:\s+(\d+) kB", file.read(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _is_fresh(archive: str) -> bool:
    import time

    try:
        return time.time() - os.stat(archive).st_mtime < FRESH_SECONDS
    except OSError:
        return False
